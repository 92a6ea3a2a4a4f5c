import TestSupport
import Foundation
import Glibc
import Testing

@Suite("Restore options", .serialized)
struct RestoreOptionTests {
  @Test func `only what differs is written, to a copy or in place`() throws {
    let place = try prepared()
    var random = SplitMix64(seed: 1)
    let large = random.bytes(4 << 20)
    try place.write(large, to: "source/large")
    #expect(try place.kist("backup", place.path("source")).status == 0)
    for way in ["copy", "in-place"] {
      #expect(try place.kist("restore", "latest", "-t", place.path(way)).status == 0)
      var wrong = large
      wrong[2 << 20] ^= 1
      wrong.append(7)
      try place.overwrite(wrong, "\(way)/large")
      let inode = try place.inode("\(way)/large")
      let flags = way == "copy" ? [] : ["--in-place"]
      let again = try place.restore(to: way, ["--json"] + flags)
      #expect(again.status == 0, "\(again)")
      let summary = try JSON.summary(again.output)
      #expect(try JSON.number(summary, "files_restored") == 1)
      #expect(try JSON.number(summary, "bytes_restored") < 1 << 20)
      #expect(try JSON.number(summary, "bytes_skipped") > 3 << 20)
      #expect(try (place.inode("\(way)/large") == inode) == (way == "in-place"))
      try place.requireEqual("source", way)
    }
  }

  @Test func `overwrite decides what may change`() throws {
    let place = try prepared()
    // Equal in size and time, but not in content; newer; older; missing.
    func spoil() throws {
      #expect(try place.kist("restore", "latest", "-t", place.path("out")).status == 0)
      try place.overwrite([UInt8](repeating: 1, count: 30_000), "out/docs/b.odt")
      try place.call("touch", "-r", place.path("source/docs/b.odt"), place.path("out/docs/b.odt"))
      try place.overwrite([2], "out/docs/a.txt")
      try place.overwrite([3], "out/docs/deep/c.txt")
      try place.call("touch", "-d", "2001-01-01", place.path("out/docs/deep/c.txt"))
      try place.call("rm", place.path("out/top.txt"))
    }
    func isRight(_ name: String) throws -> Bool {
      try place.bytes("out/" + name) == place.bytes("source/" + name)
    }
    for rule in ["always", "if-changed", "if-newer", "never"] {
      try spoil()
      let outcome = try place.restore(to: "out", ["--overwrite", rule])
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try isRight("top.txt"), "what is missing comes back: \(rule)")
      #expect(try isRight("docs/b.odt") == (rule == "always"), "\(rule)")
      #expect(try isRight("docs/a.txt") == ["always", "if-changed"].contains(rule), "\(rule)")
      #expect(try isRight("docs/deep/c.txt") == (rule != "never"), "\(rule)")
    }
  }

  @Test func `patterns choose as restic's do`() throws {
    let place = try prepared()
    try place.write(Array("# comment\n\n *.txt \n".utf8), to: "patterns")
    func files(_ options: String...) throws -> Set<String> {
      try place.call("rm", "-rf", place.path("out"))
      let outcome = try place.restore(to: "out", options)
      #expect(outcome.status == 0, "\(options): \(outcome)")
      let found = try FileManager.default.subpathsOfDirectory(atPath: place.path("out"))
      return Set(found)
    }
    let all: Set = [
      "docs", "docs/a.txt", "docs/b.odt", "docs/deep", "docs/deep/c.txt", "empty", "link",
      "top.txt",
    ]
    #expect(try files() == all)
    let texts: Set = ["docs", "docs/a.txt", "docs/deep", "docs/deep/c.txt", "top.txt"]
    #expect(try files("--include", "*.txt") == texts)
    #expect(try files("--include-file", place.path("patterns")) == texts)
    #expect(try files("--iinclude", "*.TXT") == texts)
    #expect(try files("--include", "*.TXT") == [])
    #expect(try files("-i", "deep") == ["docs", "docs/deep", "docs/deep/c.txt"])
    #expect(try files("-i", place.path("source/docs/a.txt")) == ["docs", "docs/a.txt"])
    #expect(try files("-e", "docs") == ["empty", "link", "top.txt"])
    #expect(
      try files("--exclude-file", place.path("patterns"))
        == all.subtracting(texts)
        .union(["docs", "docs/deep"])
    )
    #expect(try files("--iexclude", "DOCS", "-e", "empty") == ["link", "top.txt"])
    #expect(try files("-e", place.path("source/docs/deep/")).contains("docs/b.odt"))
    for options in [
      ["-i", "a", "-e", "b"], ["-i", "[a"], ["--include-file", place.path("none")],
    ] {
      let refused = try place.restore(to: "refused", options)
      #expect(refused.status != 0 && refused.status != 3, "\(options): \(refused)")
      #expect(!FileManager.default.fileExists(atPath: place.path("refused")))
    }
  }

  @Test func `a part of a snapshot fills the target, and patterns begin there`() throws {
    let place = try prepared()
    let docs = "latest:" + place.path("source/docs")
    #expect(try place.kist("restore", docs, "-t", place.path("part")).status == 0)
    try place.requireEqual("source/docs", "part")
    let one = try place.kist("restore", docs, "-t", place.path("one"), "-i", "/deep")
    #expect(one.status == 0, "\(one)")
    #expect(try place.files(below: "one") == ["one/deep/c.txt"])
    let file = try place.kist("restore", docs + "/a.txt", "-t", place.path("file"))
    #expect(file.status == 0, "\(file)")
    #expect(try place.files(below: "file") == ["file/a.txt"])
    #expect(try place.kist("restore", docs + "/none", "-t", place.path("none")).status == 1)
  }

  @Test func `delete removes what the snapshot lacks, and never what patterns leave out`() throws {
    let place = try prepared()
    func spoil() throws {
      #expect(try place.kist("restore", "latest", "-t", place.path("out")).status == 0)
      try place.write([1], to: "out/extra.txt")
      try place.write([2], to: "out/docs/extra.odt")
      try place.write([3], to: "out/more/keep.log")
      try place.write([4], to: "out/more/below/drop.txt")
    }
    try spoil()
    #expect(try place.restore(to: "out").status == 0)
    #expect(try place.exist(["out/extra.txt", "out/docs/extra.odt", "out/more/keep.log"]) == 3)

    let excluded = try place.restore(to: "out", ["--delete", "--exclude", "*.log"])
    #expect(excluded.status == 0, "\(excluded)")
    #expect(try place.exist(["out/extra.txt", "out/docs/extra.odt", "out/more/below"]) == 0)
    #expect(try place.bytes("out/more/keep.log") == [3])

    try spoil()
    let included = try place.restore(to: "out", ["--delete", "--include", "*.odt"])
    #expect(included.status == 0, "\(included)")
    #expect(try place.exist(["out/docs/extra.odt"]) == 0)
    #expect(try place.exist(["out/extra.txt", "out/more/keep.log", "out/docs/a.txt"]) == 3)

    let all = try place.restore(to: "out", ["--delete", "--json"])
    #expect(all.status == 0, "\(all)")
    #expect(try JSON.number(JSON.summary(all.output), "files_deleted") == 5)
    try place.requireEqual("source", "out")
  }

  @Test func `delete keeps what the backup's own rules left out, unless that is said`() throws {
    let place = try prepared()
    let made = try place.kist("backup", place.path("source"), "--exclude", "*.log")
    #expect(made.status == 0, "\(made)")
    #expect(try place.kist("restore", "latest", "-t", place.path("out")).status == 0)
    try place.write([1], to: "out/own.log")
    let refused = try place.restore(to: "out", ["--delete"])
    #expect(refused.status == 22 && refused.errors.contains("--delete-excluded"), "\(refused)")
    let same = try place.restore(to: "out", ["--delete", "--dry-run", "-v"])
    #expect(same.status == 22 && same.errors == refused.errors, "\(same)")
    let dry = try place.restore(to: "out", ["--delete-excluded", "--dry-run", "-v"])
    #expect(dry.status == 0 && dry.output.contains("own.log"), "\(dry)")
    #expect(try place.exist(["out/own.log"]) == 1)
    let said = try place.restore(to: "out", ["--delete-excluded"])
    #expect(said.status == 0, "\(said)")
    #expect(try place.exist(["out/own.log"]) == 0)
  }

  @Test func `delete touches only what is being restored`() throws {
    let place = try prepared()
    try place.write([9], to: "other/file")
    #expect(try place.kist("backup", place.path("source"), place.path("other")).status == 0)
    try place.write([1], to: "out/bystander")
    try place.write([1], to: "out" + place.path("beside"))
    try place.write([1], to: "out" + place.path("source/extra"))
    let outcome = try place.restore(to: "out", ["--delete"])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try place.exist(["out/bystander", "out" + place.path("beside")]) == 2)
    #expect(try place.exist(["out" + place.path("source/extra")]) == 0)
    try place.requireEqual("source", "out" + place.path("source"))
    let file = "latest:" + place.path("source/docs/a.txt")
    let one = try place.kist("restore", file, "-t", place.path("out"), "--delete")
    #expect(one.status == 0, "\(one)")
    #expect(try place.exist(["out/bystander", "out/a.txt"]) == 2)
    let root = try place.kist("restore", "latest", "-t", "/", "--delete", "--dry-run")
    #expect(root.status == 22, "\(root)")
  }

  @Test func `a dry run says what would be done, and touches nothing`() throws {
    let place = try prepared()
    let absent = try place.restore(to: "absent", ["--dry-run", "--json"])
    #expect(absent.status == 0, "\(absent)")
    #expect(try JSON.number(JSON.summary(absent.output), "files_restored") == 4)
    #expect(!FileManager.default.fileExists(atPath: place.path("absent")))

    #expect(try place.kist("restore", "latest", "-t", place.path("out")).status == 0)
    try place.overwrite([1, 2, 3], "out/docs/a.txt")
    try place.call("chmod", "600", place.path("out/docs/b.odt"))
    try place.call("rm", place.path("out/link"), place.path("out/top.txt"))
    try place.write([1], to: "out/top.txt/in the way")
    try place.write([1], to: "out/extra")
    try place.call("ln", "-s", "elsewhere", place.path("out/link"))
    let before = try place.look("out")
    let dry = try place.restore(to: "out", ["-n", "--delete", "--json", "-v"])
    #expect(dry.status == 0, "\(dry)")
    #expect(try place.look("out") == before)
    var said: [String: String] = [:]
    for line in try JSON.lines(dry.output)
    where line["message_type"] as? String == "verbose_status" {
      let item = try JSON.text(line, "item")
      said[item] = [said[item], try JSON.text(line, "action")].compactMap { $0 }
        .joined(separator: ", ")
    }
    let expected = [
      "docs/a.txt": "update", "docs/b.odt": "attributes", "docs/deep/c.txt": "unchanged",
      "extra": "delete", "link": "replace", "top.txt/in the way": "delete",
      "top.txt": "delete, create",
    ]
    #expect(said == expected)
    let real = try place.restore(to: "out", ["--delete"])
    #expect(real.status == 0, "\(real)")
    try place.requireEqual("source", "out")
  }

  @Test func `what was restored is read back`() throws {
    let place = try prepared()
    let outcome = try place.restore(to: "out", ["--verify", "--json"])
    #expect(outcome.status == 0, "\(outcome)")
    let summary = try JSON.summary(outcome.output)
    #expect(try JSON.number(summary, "files_verified") == 4)
    #expect(try JSON.number(summary, "bytes_verified") == JSON.number(summary, "bytes_restored"))
    #expect(try place.restore(to: "out", ["--verify", "--dry-run"]).status == 2)
  }

  @Test func `owners are mapped, or left out`() throws {
    guard getuid() == 0 else { return }
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.write([1], to: "source/one")
    try place.write([2], to: "source/two")
    try place.call("chown", "1234:2345", place.path("source/one"))
    try place.call("chown", "65534:65534", place.path("source/two"))
    try place.call("chmod", "6755", place.path("source/one"))
    #expect(try place.kist("backup", place.path("source")).status == 0)
    let mapped = try place.restore(to: "out", ["--owner-map", "1234:4321,@2345:@root"])
    #expect(mapped.status == 0, "\(mapped)")
    #expect(try place.owner("out/one") == "4321:0 6755")
    #expect(try place.owner("out/two") == "65534:65534 644")
    let named = try place.restore(to: "out", ["--owner-map", "nobody:77"])
    #expect(named.status == 0, "\(named)")
    #expect(try place.owner("out/two") == "77:65534 644")
    let none = try place.restore(to: "none", ["--no-owner"])
    #expect(none.status == 3, "\(none)")
    #expect(none.errors.contains("setuid or setgid of 1 entry left out"))
    #expect(try place.owner("none/one") == "0:0 755")
    #expect(try place.owner("none/two") == "0:0 644")
    for map in ["x", "1:2:3", ":", "a:", "@a:b", "a:@b", "1:2,"] {
      #expect(try place.restore(to: "refused", ["--owner-map", map]).status == 2, "\(map)")
    }
    for map in ["no-such-user:0", "1234:no-such-user", "4294967295:0", "1234:4294967295"] {
      #expect(try place.restore(to: "refused", ["--owner-map", map]).status == 1, "\(map)")
    }
    #expect(try place.restore(to: "refused", ["--no-owner", "--owner-map", "1:2"]).status == 2)
  }

  /// A place with a small folder and a snapshot of it.
  private func prepared() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    var random = SplitMix64(seed: 6)
    try place.write([1, 2, 3, 4], to: "source/docs/a.txt")
    try place.write(random.bytes(30_000), to: "source/docs/b.odt")
    try place.write(random.bytes(300), to: "source/docs/deep/c.txt")
    try place.write(random.bytes(100_000), to: "source/top.txt")
    try place.call("mkdir", place.path("source/empty"))
    try place.call("ln", "-s", "docs/a.txt", place.path("source/link"))
    // Old, so that what is written below is newer.
    try place.call(
      "find",
      place.path("source"),
      "-exec",
      "touch",
      "-h",
      "-d",
      "2020-02-02",
      "{}",
      "+"
    )
    let saved = try place.kist("backup", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    return place
  }
}

extension Place {
  /// Restores the newest snapshot to a folder of this place.
  func restore(to target: String, _ options: [String] = []) throws -> Outcome {
    try start(["restore", "latest", "--target", path(target)] + options).wait()
  }

  /// Writes into a file that is there, which keeps its inode.
  func overwrite(_ bytes: [UInt8], _ name: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: path(name)))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }

  func inode(_ name: String) throws -> UInt64 {
    let attributes = try FileManager.default.attributesOfItem(atPath: path(name))
    return try #require(attributes[.systemFileNumber] as? UInt64)
  }

  /// How many of these are there.
  func exist(_ names: [String]) throws -> Int {
    names.count { FileManager.default.fileExists(atPath: path($0)) }
  }

  /// `uid:gid mode`.
  func owner(_ name: String) throws -> String {
    let outcome = try run(["stat", "-c", "%u:%g %a", path(name)])
    return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Everything about a folder that a write would change.
  func look(_ name: String) throws -> String {
    let found = try run(["find", path(name), "-printf", "%p %y %m %u %g %s %T@ %C@ %i %n %l\\n"])
    try #require(found.status == 0, "\(found)")
    return found.output.split(separator: "\n").sorted().joined(separator: "\n")
  }
}
