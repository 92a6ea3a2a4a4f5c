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
    ] {
      let outcome = try place.start(line.split(separator: " ").map(String.init)).wait()
      #expect(outcome.status == 2 && outcome.errors.contains(answer), "\(line): \(outcome)")
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

  @Test func `small things are as they should be`() throws {
    let place = try filled()
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
