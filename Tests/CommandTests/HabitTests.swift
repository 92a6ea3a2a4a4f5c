import Foundation
import Testing

@Suite("Habits that people bring", .serialized)
struct HabitTests {
  private func filled() throws -> Place {
    let place = try Place()
    try place.initialize()
    try place.write([1, 2, 3], to: "source/a")
    try place.write([4, 5], to: "source/deep/b")
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    return place
  }

  @Test func `a wrong command line is answered in one style, with what to do`() throws {
    let place = try Place()
    for (line, what) in [
      ("backup --foo x", "`kist backup` has no option --foo"),
      ("backup --jobs", "--jobs <n> lacks its value"),
      ("backup --jobs x y", "--jobs <n> is not understood: x"),
      ("backup --jobs 0 y", "--jobs takes a number from 1 to 256"),
      ("restore latest", "--target <folder> is missing"),
      ("find --newest bad x", "--newest <time> is not understood: bad"),
      ("key frob", "`kist key` has no command frob"),
      ("snapshots -Z", "`kist snapshots` has no option -Z"),
      ("-q snapshots --nope", "`kist snapshots` has no option --nope"),
      ("--nope", "`kist` has no option --nope"),
    ] {
      let outcome = try place.start(line.split(separator: " ").map(String.init)).wait()
      #expect(outcome.status == 2, "\(line): \(outcome)")
      #expect(outcome.errors.hasPrefix("kist: \(what)\n      "), "\(line): \(outcome)")
      #expect(outcome.errors.contains("--help` tells more"), "\(line): \(outcome)")
      #expect(!outcome.errors.contains("Did you mean"), "\(line): \(outcome)")
    }
    let time = try place.kist("find", "--newest", "bad", "x")
    #expect(time.errors.contains("2026-11-21"), "\(time)")
    let json = try place.kist("backup", "--foo", "--json")
    #expect(try JSON.number(try #require(try JSON.lines(json.errors).last), "code") == 2)
  }

  @Test func `what is near is offered, and other programs' options are answered`() throws {
    let place = try Place()
    for (line, answer) in [
      ("backup --exclud x", "Did you mean --exclude?"),
      ("backup --exclude-larger 1G", "Did you mean --exclude-larger-than?"),
      ("backup --dryrun", "Did you mean --dry-run?"),
      ("backup --read-concurrency 4", "--jobs"), ("snapshots --no-lock", "take no lock"),
      ("find --blob 1", "--chunk"), ("stats --mode raw-data", "all of restic's modes"),
      ("tag --add x latest", "kist tag add"), ("restore latest -t x --sparse", "holes"),
      ("snapshots --last", "--latest 1"), ("snapshots -o x=y", "ssh"),
      ("backup --hostname ada x", "Did you mean --host?"), ("ls -R latest", "--recursive"),
      ("check --check-unused", "every object"), ("snapshots --cacert x", "no https"),
      ("restore latest -t x --limit-download 1", "limit the line itself"),
      ("mirror psuh x", "Did you mean push?"), ("key lsit", "Did you mean list?"),
    ] {
      let outcome = try place.start(line.split(separator: " ").map(String.init)).wait()
      #expect(outcome.status == 2 && outcome.errors.contains(answer), "\(line): \(outcome)")
    }
  }

  @Test func `a rate in KiB, as restic takes it, is not taken for bytes in silence`() throws {
    let place = try filled()
    let bare = try place.kist("backup", "-n", "--limit-upload", "500", place.path("source"))
    #expect(bare.status == 0 && bare.errors.contains("write 500K"), "\(bare)")
    for rate in ["500K", "2M", "1.5MiB", "100000"] {
      let told = try place.kist("mirror", "push", "-n", "--limit-upload", rate, place.path("two"))
      #expect(told.status == 10 && !told.errors.contains("note:"), "\(rate): \(told)")
    }
    for rate in ["0", "-1", "K", "9999999P", "2X"] {
      let none = try place.kist("backup", "-n", "--limit-upload=\(rate)", place.path("source"))
      #expect(none.status == 2 && none.errors.contains("--limit-upload"), "\(rate): \(none)")
    }
  }

  @Test func `restic's ways to say the same are understood`() throws {
    let place = try filled()
    try place.write(Array("correct horse\n".utf8), to: "password")
    for line in [
      "snapshots -p \(place.path("password"))", "snapshots -c -H nobody", "ls -l latest",
      "find -i A -s latest", "dump latest a", "diff --metadata latest latest",
      "snapshots --compact --latest 1",
      "backup -n -x --iexclude-file /dev/null --exclude-larger-than 1G "
        + place.path("source"),
    ] {
      let outcome = try place.start(line.split(separator: " ").map(String.init)).wait()
      #expect(outcome.status == 0, "\(line): \(outcome)")
    }
    let old = try place.kist(
      "backup",
      "--time",
      "2020-02-29 08:30:00",
      "--json",
      place.path("source")
    )
    #expect(old.status == 0, "\(old)")
    let listed = try JSON.array(place.kist("snapshots", "--json").output)
    #expect(try JSON.text(try #require(listed.first), "time").hasPrefix("2020-02-29T08:30:00"))
    #expect(try place.kist("backup", "--time", "yesterday", place.path("source")).status == 2)
  }

  @Test func `a path means the same to every command`() throws {
    let place = try filled()
    let source = place.path("source")
    func inside(_ line: String) throws -> Outcome {
      try place.run(["/bin/sh", "-c", "cd \(source)/deep && \(Programs.kist) \(line)"])
    }
    for path in [source + "/deep/b", "deep/b", "./b", "../deep/b"] {
      let listed = try inside("ls latest \(path)")
      #expect(listed.output == source + "/deep/b\n", "\(path): \(listed)")
      #expect(try inside("ls latest:\(path)").output == listed.output)
      #expect(try inside("history \(path)").status == 0, "\(path)")
      #expect(try inside("dump latest \(path)").output == "\u{4}\u{5}")
      #expect(try inside("diff latest:\(path) latest").output.contains("no differences"))
      let out = place.path("out")
      let restored = try inside("restore latest:\(path) -t \(out)")
      #expect(restored.status == 0, "\(path): \(restored)")
      try place.call("rm", out + "/b")
    }
    // Of the working folder only if that is said.
    for command in ["ls latest b", "history b", "dump latest b", "restore latest:b -t /nowhere"] {
      let outcome = try inside(command)
      #expect(outcome.status == 1, "\(command): \(outcome)")
      #expect(outcome.errors.contains(" has b") || outcome.errors.contains(" has no b\n"))
      #expect(outcome.errors.contains("Looked for \(source)/b."), "\(command): \(outcome)")
    }
  }

  @Test func `an empty repository says how to begin`() throws {
    let place = try Place()
    try place.initialize()
    for line in ["ls latest", "restore latest -t x", "dump latest:a", "diff latest latest~1"] {
      let outcome = try place.start(line.split(separator: " ").map(String.init)).wait()
      #expect(outcome.status == 1, "\(line): \(outcome)")
      #expect(outcome.errors.contains("no snapshots yet"), "\(line): \(outcome)")
      #expect(outcome.errors.contains("kist backup FOLDER"), "\(line): \(outcome)")
    }
    #expect(try place.kist("snapshots").output.contains("kist backup FOLDER"))
  }

  @Test func `dry runs list with -v, and sum up folders`() throws {
    let place = try filled()
    try place.write([7], to: "source/new")
    let backup = try place.kist("backup", "-n", place.path("source"))
    #expect(!backup.output.contains(place.path("source")), "\(backup)")
    let told = try place.kist("backup", "-n", "-v", place.path("source"))
    #expect(told.output.contains("new       " + place.path("source/new")), "\(told)")
    let restore = try place.kist("restore", "latest", "-t", place.path("out"), "-n")
    #expect(restore.output.hasPrefix("would restore 2 files, 2 folders"), "\(restore)")
    let listed = try place.kist("restore", "latest", "-t", place.path("out"), "-n", "-v")
    #expect(listed.output.contains("deep/b\n"), "\(listed)")
    let real = try place.kist("restore", "latest", "-t", place.path("out"))
    #expect(real.output.hasPrefix("restored 2 files, 2 folders"), "\(real)")
  }

  @Test func `a dry run counts folders that are there as the restore does`() throws {
    let place = try filled()
    try place.write([6], to: "source/far/c")
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    try #require(
      try place.kist("restore", "latest", "-q", "-t", place.path("out"), "-i", "/deep").status == 0
    )
    for options in [["-i", "/deep/b"], ["-i", "a"], [], ["--delete"], []] {
      if options == ["--delete"] { try place.write([1], to: "out/deep/extra") }
      let line = ["restore", "latest", "-t", place.path("out")] + options
      let told = try place.start(line + ["-n"]).wait().output.split(separator: ",")
      let done = try place.start(line).wait().output.split(separator: ",")
      #expect(told.count > 2 && told[1] == done[1], "\(options): \(told), \(done)")
    }
  }

  @Test func `kist's own cache is left out and tagged, and nothing of a person's is`() throws {
    let place = try filled()
    let tag = "cache/CACHEDIR.TAG"
    #expect(
      String(decoding: try place.bytes(tag), as: UTF8.self)
        .hasPrefix("Signature: 8a477f597d28d172789f06886806bc55\n")
    )
    let made = try place.kist("backup", "-v", place.root, "--exclude", place.repository)
    #expect(made.status == 0 && made.errors.contains("/cache: left out"), "\(made)")
    #expect(made.output.contains("left out: 1 by the rules"), "the person's own: \(made)")
    let listed = try place.kist("ls", "latest").output
    #expect(!listed.contains("/cache\n") && listed.contains("/state\n"), "\(listed)")
    let named = try place.kist("backup", "-q", place.cache)
    #expect(named.status == 0, "\(named)")
    #expect(try place.kist("ls", "latest").output.contains("CACHEDIR.TAG"))
    // A folder of a person's, taken for caches too.
    try place.write([1], to: "mine/repositories/thesis/a")
    let mine = ["--cache-dir", place.path("mine")]
    let all = try place.start(["backup", "-q", place.root, "-e", place.repository] + mine).wait()
    #expect(all.status == 0, "\(all)")
    #expect(try place.kist("ls", "latest").output.contains("mine/repositories/thesis/a\n"))
    #expect(!(try place.files(below: "mine").contains("mine/CACHEDIR.TAG")))
  }

  @Test func `the repository in the folder that is backed up is left out, and another is not`()
    throws
  {
    let place = try filled()
    let other = ["KIST_REPOSITORY": place.path("source/other")]
    #expect(try place.kist("init", "-q", changing: other).status == 0)
    try place.call("mv", place.repository, place.path("source/repository"))
    // Over whatever path it is reached.
    try place.call("ln", "-s", place.path("source"), place.path("link"))
    for path in ["source/repository", "link/repository"] {
      let own = ["KIST_REPOSITORY": place.path(path)]
      let made = try place.kist("backup", "-v", place.path("source"), changing: own)
      #expect(made.status == 0, "\(made)")
      #expect(made.errors.contains("source/repository: left out: the repository"), "\(made)")
      let listed = try place.kist("ls", "latest", changing: own).output
      #expect(!listed.contains("/source/repository"), "\(listed)")
      #expect(listed.contains("/source/other/kist\n"), "\(listed)")
      let quiet = try place.kist("backup", place.path("source"), changing: own)
      #expect(quiet.status == 0 && quiet.errors.isEmpty, "\(quiet)")
    }
    // Asked for by name it is saved: that is no accident.
    let own = ["KIST_REPOSITORY": place.path("source/repository")]
    let named = try place.kist("backup", "-q", place.path("source/repository/kist"), changing: own)
    #expect(named.status == 0, "\(named)")
  }

  @Test func `--delete removes neither the repository nor what kist works with`() throws {
    let place = try filled()
    try place.call("mv", place.repository, place.path("source/repository"))
    try place.call("cp", "-r", place.cache, place.state, place.path("source"))
    try place.write([1], to: "source/extra")
    let own = [
      "KIST_REPOSITORY": place.path("source/repository"),
      "KIST_CACHE_DIR": place.path("source/cache"), "KIST_STATE_DIR": place.path("source/state"),
    ]
    let done = try place.kist(
      "restore",
      "latest",
      "-t",
      place.path("source"),
      "--delete",
      changing: own
    )
    #expect(done.status == 0, "\(done)")
    let left = try place.files(below: "source").map { $0.split(separator: "/")[1] }
    #expect(Set(left) == ["a", "deep", "repository", "cache", "state"])
    #expect(try place.kist("check", changing: own).status == 0)
  }

  @Test func `small things are as they should be`() throws {
    let place = try filled()
    try place.write(Array("[profiles.far]\nrepository = \"/far\"\n".utf8), to: "far.toml")
    try place.call("chmod", "600", place.path("far.toml"))
    let far = ["KIST_CONFIG": place.path("far.toml"), "KIST_PROFILE": "far"]
    let overruled = try place.kist(
      "restore",
      "latest",
      "-n",
      "-t",
      place.path("out"),
      changing: far
    )
    #expect(overruled.status == 0, "\(overruled)")
    #expect(overruled.errors.components(separatedBy: "wins over profile far").count == 2)
    #expect(!(try place.kist("serve", "--help").output.contains("--password")))
    let same = try place.kist("diff", "latest", "latest")
    #expect(same.output.hasSuffix("\n\nno differences\n"), "\(same)")
    #expect(!same.output.contains("\n\n\n"), "\(same)")
    let compact = try place.kist("snapshots", "-c")
    #expect(compact.output.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") }, "\(compact)")
    for arguments in [
      ["key", "add", "--json", "--new-password-file", place.path("word")],
      ["key", "add", "--json", "--recovery"],
      ["key", "export", "--json", "--to", place.path("keys")],
      ["inspect", "config", "--json"], ["inspect", "packs", "--json"],
      ["key", "passwd", "--json", "--new-password-file", place.path("word")],
    ] {
      try place.write(Array("another\n".utf8), to: "word")
      let outcome = try place.start(arguments).wait()
      #expect(outcome.status == 0, "\(arguments): \(outcome)")
      let lines = try JSON.lines(outcome.output)
      #expect(lines.count == 1 && lines[0]["message_type"] is String, "\(arguments): \(outcome)")
    }
  }
}
