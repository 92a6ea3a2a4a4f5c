import Foundation
import Glibc
import Testing

@Suite("Options of backup", .serialized)
struct BackupOptionTests {
  @Test func `a newest record that is far ahead of the clock is told once`() throws {
    let place = try Place()
    try place.initialize()
    try place.write([1], to: "source/a")
    let ahead = ["backup", "--time", "2099-05-06 07:08", place.path("source")]
    #expect(try place.start(ahead).wait().status == 0)
    let told = try place.kist("backup", "--json", place.path("source"))
    #expect(told.status == 0, "\(told)")
    let lines = try JSON.lines(told.errors)
    let line = try #require(lines.first)
    #expect(lines.count == 1)
    #expect(try JSON.text(line, "message_type") == "warning")
    #expect(try JSON.text(line, "message").contains("2099-05-06 07:08"))
    #expect(try place.start(ahead).wait().status == 0)
    let words = try place.kist("backup", place.path("source"))
    #expect(words.status == 0 && words.errors.hasPrefix("warning: this machine's clock says 20"))
    let next = try place.kist("backup", place.path("source"))
    #expect(next.status == 0 && next.errors.isEmpty, "\(next)")
  }

  private func place() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    return place
  }

  /// Names below `source` in the newest snapshot.
  private func saved(_ place: Place) throws -> [String] {
    let listed = try place.kist("ls", "latest")
    try #require(listed.status == 0, "\(listed)")
    let prefix = place.path("source") + "/"
    return listed.output.split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  private func backup(_ place: Place, _ options: String...) throws {
    let made = try place.start(["backup", "-q", place.path("source")] + options).wait()
    try #require(made.status == 0, "\(options): \(made)")
  }

  /// Runs a line of shell in which `kist` is the program.
  private func shell(_ place: Place, _ line: String) throws -> Outcome {
    try place.run(["sh", "-c", "kist() { \(Programs.kist) \"$@\"; }; cd \(place.root); \(line)"])
  }

  @Test func `patterns leave out, with and without case, from options and files`() throws {
    let place = try place()
    for name in ["a.log", "A.LOG", "keep.log", "sub/b.log", "sub/c.txt", "tmp/x", "sub/tmp/y"] {
      try place.write([1], to: "source/" + name)
    }
    try backup(place, "--exclude", "*.log", "-e", "!keep.log")
    #expect(
      try saved(place) == [
        "A.LOG", "keep.log", "sub", "sub/c.txt", "sub/tmp", "sub/tmp/y", "tmp", "tmp/x",
      ]
    )
    try backup(place, "--iexclude", "*.Log", "--exclude", place.path("source/tmp"))
    #expect(try saved(place) == ["sub", "sub/c.txt", "sub/tmp", "sub/tmp/y"])
    let text = "# not these\n\n  *.log  \n$HOME/source/**/y\n"
    try place.write(Array(text.utf8), to: "rules")
    try backup(place, "--exclude-file", place.path("rules"), "--exclude", "sub/c*")
    #expect(try saved(place) == ["A.LOG", "sub", "sub/tmp", "tmp", "tmp/x"])
    try place.write(Array("*.LOG\nSUB\n".utf8), to: "rules")
    try backup(place, "--iexclude-file", place.path("rules"))
    #expect(try saved(place) == ["tmp", "tmp/x"])
    let shown = try place.kist("inspect", "snapshot")
    #expect(shown.output.contains("rule iexclude") && shown.output.contains("*.LOG  SUB"))
    try backup(place)
    #expect(try saved(place).count == 10, "everything is back")
    try place.requireClean("--read-data")
  }

  @Test func `a pattern or file that cannot be used is refused before anything is done`() throws {
    let place = try place()
    try place.write([1], to: "source/a")
    try place.write(Array("ok\n$NOT_SET/x\n".utf8), to: "rules")
    for (options, status, word) in [
      (["--exclude", "[a"], 2, "[a"), (["--iexclude", "x\\"], 2, "--iexclude"),
      (["--exclude-file", place.path("none")], 1, "none"),
      (["--exclude-file", place.path("rules")], 2, "line 2"),
      (["--exclude-larger-than", "big"], 2, "big"), (["--exclude-if-present", ":x"], 2, ":x"),
      (["--limit-upload", "0"], 2, "--limit-upload"),
      (["--tag", String(repeating: "x", count: 1025)], 2, "1,024"),
      (["--force", "--trust-mtime"], 2, "--force"), (["--parent", "beef"], 1, "no snapshots yet"),
      (["--stdin"], 2, "--stdin"), (["--stdin-filename", "x"], 2, "--stdin-filename"),
      (["--as", "x", place.path("rules")], 2, "--as"),
      (["--files-from", place.path("none")], 1, "none"),
    ] as [([String], Int32, String)] {
      let outcome = try place.start(["backup", place.path("source")] + options).wait()
      #expect(outcome.status == status, "\(options): \(outcome)")
      #expect(outcome.errors.contains(word), "\(options): \(outcome)")
    }
    for options in [["--stdin", "--files-from", "x"], ["--stdin-from-command"], []] {
      #expect(try place.start(["backup"] + options).wait().status == 2, "\(options)")
    }
    #expect(try place.files(below: "repository/records").isEmpty)
  }

  @Test func `caches, marks, sizes and lists of git leave out`() throws {
    let place = try place()
    try place.write(
      Array("Signature: 8a477f597d28d172789f06886806bc55".utf8),
      to: "source/c/CACHEDIR.TAG"
    )
    try place.write([1], to: "source/c/x")
    try place.write([1], to: "source/m/.skip")
    try place.write([1], to: "source/m/x")
    try place.write([UInt8](repeating: 1, count: 2049), to: "source/big")
    try place.write([UInt8](repeating: 1, count: 2048), to: "source/fits")
    try place.write(Array("*.o\n".utf8), to: "source/g/.gitignore")
    try place.write([1], to: "source/g/x.o")
    try backup(
      place,
      "--exclude-caches",
      "--exclude-if-present",
      ".skip",
      "--exclude-larger-than",
      "2K",
      "--git-ignore"
    )
    #expect(
      try saved(place) == [
        "c", "c/CACHEDIR.TAG", "fits", "g", "g/.gitignore", "m", "m/.skip",
      ]
    )
    try backup(place)
    #expect(try saved(place).count == 11)
  }

  @Test func `other file systems are left out but for their folder, unless they are named`() throws
  {
    let place = try place()
    try place.write([1], to: "source/a")
    let inner = place.path("source/inner")
    let bound = place.path("source/bound")
    for folder in [inner, bound] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let mounted = try place.run(["mount", "-t", "tmpfs", "tmpfs", inner])
    guard mounted.status == 0 else {
      print("not tested: nothing can be mounted here: \(mounted.errors)")
      return
    }
    defer {
      for folder in [bound, inner] {
        do {
          _ = try place.run(["umount", folder])
        } catch {
          Issue.record(error)
        }
      }
    }
    try place.write([2], to: "source/inner/b")
    try place.write([3], to: "elsewhere/c")
    try place.call("mount", "--bind", place.path("elsewhere"), bound)
    try backup(place, "-x")
    #expect(try saved(place) == ["a", "bound", "inner"])
    try backup(place, "-x", inner)
    #expect(try saved(place) == ["a", "bound", "inner", "inner/b"])
    try backup(place)
    #expect(try saved(place) == ["a", "bound", "bound/c", "inner", "inner/b"])
  }

  @Test func `paths come from lists`() throws {
    let place = try place()
    for name in ["a.txt", "b.txt", "c.c", "folder/d", "odd\nname", "x [1]"] {
      try place.write(Array(name.utf8), to: "source/" + name)
    }
    try place.write(Array("# some\n\nsource/*.txt\nsource/fol*\n".utf8), to: "list")
    let globbed = try shell(place, "kist backup -q --files-from list")
    #expect(globbed.status == 0, "\(globbed)")
    #expect(try saved(place) == ["a.txt", "b.txt", "folder", "folder/d"])
    let none = try shell(
      place,
      "kist backup -q --files-from list --files-from - <<E\nnothing*\nsource/gone\nE"
    )
    #expect(none.status == 3, "\(none)")
    #expect(none.errors.contains("nothing*") && none.errors.contains("source/gone"))
    let verbatim = try shell(
      place,
      "printf 'source/x [1]\\n' | kist backup -q --files-from-verbatim -"
    )
    #expect(verbatim.status == 0, "\(verbatim)")
    #expect(try saved(place) == ["x [1]"])
    let zero = try shell(
      place,
      "find source -name '*n*' -print0 | kist backup -q --files-from0 - source/c.c"
    )
    #expect(zero.status == 0, "\(zero)")
    #expect(try saved(place).count == 2)
    let bad = try shell(place, "printf 'a\\0\\0b\\0' | kist backup -q --files-from0 -")
    #expect(bad.status == 1, "\(bad)")
    #expect(try shell(place, "kist backup -q --files-from0 /dev/null").status == 1)
    try place.requireClean()
  }

  @Test func `standard input and a command's output are saved as files`() throws {
    let place = try place()
    let piped = try shell(
      place,
      "seq 1 300000 | kist backup --json --stdin --stdin-filename /db/../dump.txt"
    )
    #expect(piped.status == 0, "\(piped)")
    #expect(try JSON.number(JSON.summary(piped.output), "files_new") == 1)
    #expect(try place.kist("ls", "latest").output == "/dump.txt\n")
    try #require(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.call("sh", "-c", "seq 1 300000 | cmp - \(place.path("out/dump.txt"))")
    let command = try place.kist(
      "backup",
      "--json",
      "--stdin-from-command",
      "--",
      "seq",
      "1",
      "300000"
    )
    #expect(command.status == 0, "\(command)")
    #expect(try JSON.number(JSON.summary(command.output), "data_added") == 0)
    #expect(try place.kist("ls", "latest").output == "/stdin\n")
    let before = try place.snapshotIDs()
    let failed = try place.kist(
      "backup",
      "--stdin-from-command",
      "--",
      "sh",
      "-c",
      "echo part; exit 7"
    )
    #expect(failed.status == 1 && failed.errors.contains("status 7"), "\(failed)")
    let absent = try place.kist("backup", "--stdin-from-command", "--", "no-such-program-here")
    #expect(absent.status == 1 && absent.errors.contains("no-such-program-here"), "\(absent)")
    #expect(try place.snapshotIDs() == before)
  }

  @Test func `a stop ends a backup that waits for its input, or for its limit`() throws {
    let place = try place()
    try place.fill("source", files: 20, bytes: 200_000, seed: 3)
    for arguments in [
      ["backup", "--stdin-from-command", "--", "sleep", "60"],
      ["backup", "--limit-upload", "1K", place.path("source")],
    ] {
      let running = try place.start(arguments)
      Pause.seconds(1.5)
      #expect(running.isRunning, "\(arguments)")
      let start = DispatchTime.now().uptimeNanoseconds
      running.send(SIGTERM)
      let outcome = try running.wait()
      #expect(outcome.status == 130, "\(outcome)")
      #expect(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 < 1.5)
    }
    #expect(try place.snapshotIDs().isEmpty)
    try place.requireClean()
  }

  @Test func `a dry run says what would be added, and changes no file of the repository`() throws {
    let place = try place()
    try place.fill("source", files: 5, bytes: 30_000, seed: 5)
    func state() throws -> [String: [UInt8]] {
      var found: [String: [UInt8]] = [:]
      for file in try place.files(below: "repository") { found[file] = try place.bytes(file) }
      return found
    }
    let before = try state()
    let dry = try place.kist("backup", "--dry-run", "-v", place.path("source"))
    #expect(dry.status == 0, "\(dry)")
    #expect(dry.output.contains("would be added") && dry.output.contains("new       "))
    let json = try place.kist("backup", "-n", "--json", place.path("source"))
    let summary = try JSON.summary(json.output)
    #expect(summary["snapshot_id"] == nil)
    #expect(try JSON.number(summary, "files_new") == 5)
    #expect(try state() == before)
    let real = try JSON.summary(try place.kist("backup", "--json", place.path("source")).output)
    #expect(try JSON.number(real, "data_added") == JSON.number(summary, "data_added"))
  }

  @Test func `names, tags, host and parent are in the snapshot`() throws {
    let place = try place()
    try place.write([1], to: "source/a")
    let first = try place.kist(
      "backup",
      "--json",
      "--tag",
      "one,two",
      "--tag",
      "three",
      "-H",
      "elsewhere",
      "--as",
      "/data/set",
      place.path("source")
    )
    #expect(first.status == 0, "\(first)")
    let listed = try #require(try JSON.array(place.kist("snapshots", "--json").output).last)
    #expect(listed["tags"] as? [String] == ["one", "three", "two"])
    #expect(listed["hostname"] as? String == "elsewhere")
    #expect(listed["paths"] as? [String] == ["/data/set"])
    #expect(try place.kist("ls", "latest").output == "/data/set\n/data/set/a\n")
    let id = try JSON.text(JSON.summary(first.output), "snapshot_id")
    try backup(place, "--parent", String(id.prefix(10)))
    #expect(try place.kist("inspect", "snapshot").output.contains("parents          \(id)"))
  }

  @Test func `folders with one base name come back below their full paths`() throws {
    let place = try place()
    try place.write([1], to: "one/data/a")
    try place.write([2], to: "two/data/a")
    let made = try place.kist(
      "backup",
      "-q",
      place.path("one/data"),
      place.path("two/data/"),
      place.path("two/data/a")
    )
    #expect(made.status == 0, "\(made)")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    #expect(try place.bytes("out" + place.path("one/data/a")) == [1])
    #expect(try place.bytes("out" + place.path("two/data/a")) == [2])
  }

  @Test func `compression decides what is stored, and a limit how fast`() throws {
    let place = try place()
    try place.write(
      Array(String(repeating: "the same words again ", count: 40_000).utf8),
      to: "source/text"
    )
    var stored: [String: Int] = [:]
    for level in ["off", "fastest", "auto", "better", "max"] {
      let options = ["--repo", place.path("store-" + level)]
      try #require(try place.start(["init", "-q"] + options).wait().status == 0)
      let made = try place.start(
        ["backup", "--json", "--compression", level, place.path("source")] + options
      ).wait()
      try #require(made.status == 0, "\(made)")
      stored[level] = try JSON.number(JSON.summary(made.output), "data_stored")
    }
    #expect(try #require(stored["off"]) > 200_000)
    #expect(try #require(stored["max"]) < 40_000)
    // Random bytes: about 1.2 MB at 600 KB a second.
    try place.fill("slow", files: 6, bytes: 200_000, seed: 8)
    let start = DispatchTime.now().uptimeNanoseconds
    let limited = try place.kist(
      "backup",
      "-q",
      "--jobs",
      "1",
      "--limit-upload",
      "600K",
      place.path("slow")
    )
    #expect(limited.status == 0, "\(limited)")
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    #expect(seconds > 0.9, "\(seconds)")
  }
}
