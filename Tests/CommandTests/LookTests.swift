import Foundation
import TestSupport
import Testing

@Suite("Looking into snapshots", .serialized)
struct LookTests {
  /// Three snapshots of a folder with hostile names, and one of another machine.
  private func prepared() throws -> (place: Place, ids: [String]) {
    let place = try Place()
    try place.initialize(key: .recovery)
    var random = SplitMix64(seed: 31)
    try place.write(random.bytes(200_000), to: "source/docs/large.bin")
    try place.write(Array("first\n".utf8), to: "source/docs/note.txt")
    try place.write([1], to: "source/new\nline")
    try place.write([2], to: "source/esc\u{1B}[31m")
    try place.write(Array("same".utf8), to: "source/kept/file")
    try place.call("touch", "-d", "2020-05-05 23:59:59.5", place.path("source/kept/file"))
    // Foundation cannot name it.
    try place.call(
      "python3",
      "-c",
      "import os; os.close(os.open(b'\(place.path("source/invalid"))\\xff', os.O_CREAT, 0o644))"
    )
    try place.call("ln", "-s", "docs/note.txt", place.path("source/link"))
    func backup(_ arguments: String...) throws {
      let saved = try place.start(["backup", "--quiet", place.path("source")] + arguments).wait()
      try #require(saved.status == 0, "\(saved)")
    }
    try backup("--tag", "one,keep")
    try place.write(Array("second\n".utf8), to: "source/docs/note.txt")
    try place.write(random.bytes(50_000), to: "source/docs/more.bin")
    try backup("--tag", "two")
    try place.call("rm", "-r", place.path("source/docs/large.bin"), place.path("source/link"))
    try place.write([1], to: "source/link/now-a-folder")
    try backup()
    try backup("--host", "other")
    return (place, try place.snapshotIDs())
  }

  @Test func `every command answers about the same four snapshots`() throws {
    let (place, ids) = try prepared()
    func kist(_ arguments: String..., status: Int32 = 0) throws -> Outcome {
      let outcome = try place.start(arguments).wait()
      #expect(outcome.status == status, "\(arguments): \(outcome)")
      // Nothing that a terminal would take as a command, whatever the names are.
      let shown = outcome.output + outcome.errors
      #expect(!shown.contains("\u{1B}"), "\(arguments)")
      return outcome
    }
    func marks(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter {
        "+-MUT".contains($0.prefix(1)) && $0.dropFirst(1).hasPrefix("    ")
      }
    }
    let source = place.path("source")

    // snapshots
    let latest = try JSON.array(kist("snapshots", "--json", "--latest", "1").output)
    #expect(try latest.map { try JSON.text($0, "id") } == [ids[2], ids[3]])
    #expect(try kist("snapshots", "--tag", "keep,one").output.split(separator: "\n").count == 2)
    let groups = try JSON.array(kist("snapshots", "--json", "--group-by", "host").output)
    #expect(groups.map { ($0["snapshots"] as? [Any])?.count } == [3, 1])
    _ = try kist("snapshots", "--group-by", "weekday", status: 2)

    // ls
    let listed = try kist("ls", "latest").output
    #expect(listed.contains("new\\x0aline") && listed.contains("esc\\x1b[31m"))
    #expect(listed.contains("invalid\\xff"))
    let nodes = try JSON.lines(kist("ls", "--json", ids[0] + ":docs").output)
    #expect(nodes.map { $0["name"] as? String } == [nil, "docs", "large.bin", "note.txt"])
    #expect(try kist("ls", "--json", ids[0], "/").output.split(separator: "\n").count == 8)
    #expect(try kist("ls", "-l", "latest:link").output.contains("drwx"))
    _ = try kist("ls", "latest:/nowhere", status: 1)

    // diff
    let changed = try kist("diff", ids[0], ids[1]).output
    #expect(
      marks(changed) == ["+    \(source)/docs/more.bin", "M    \(source)/docs/note.txt"]
    )
    let lines = try JSON.lines(kist("diff", "--json", "--host", "other", ids[1], "latest").output)
    #expect(lines.compactMap { $0["modifier"] as? String } == ["-", "T", "+"])
    let statistics = try #require(lines.last?["removed"] as? [String: Any])
    #expect(try JSON.number(statistics, "bytes") == 200_000)
    let same = try kist("diff", ids[0] + ":kept", ids[1]).output
    #expect(marks(same).isEmpty)

    // find
    let found = try JSON.array(kist("find", "--json", "note.txt", "*.bin").output)
    #expect(try found.map { try JSON.number($0, "hits") } == [2, 3, 2, 2])
    #expect(try kist("find", "NOTE*", "-i", "-s", "latest").output.contains("docs/note.txt"))
    #expect(try kist("find", "nothing-like-it").errors.contains("4 snapshots"))
    #expect(try kist("find", "--json", "nothing-like-it").output == "[]\n")
    for (first, last, count) in [
      ("2020-05-05", "2020-05-05", 4), ("2020-05-05 23:59", "2020-05-05T23:59Z", 4),
      ("2020-05-05T23:59:59Z", "2020-05-06", 4), ("2020-05-06", "2020-05-06", 0),
      ("2020-05-04", "2020-05-05 23:58", 0),
    ] {
      let bounded = try kist("find", "--json", "--oldest", first, "--newest", last, "*")
      #expect(try JSON.array(bounded.output).count == count, "\(first) to \(last)")
    }
    _ = try kist("find", "[", status: 2)
    _ = try kist("find", "--oldest", "2026-02-30", "x", status: 2)

    // history
    let history = try JSON.array(kist("history", "--json", source + "/docs/note.txt").output)
    #expect(history.map { $0["change"] as? String } == ["new", "content", "new"])
    #expect(history.map { $0["snapshots"] as? Int } == [1, 2, 1])
    #expect(history.map { $0["hostname"] as? String == "other" } == [false, false, true])
    #expect(try kist("history", "--host", "other", source + "/invalid\\xff").output.contains("new"))
    _ = try kist("history", source + "/nowhere", status: 1)

    // stats
    let sum = try JSON.summary(kist("stats", "--json").output)
    #expect(try JSON.number(sum, "snapshots_count") == 4)
    #expect(try JSON.number(sum, "unique_size") == 250_000)
    #expect(try JSON.number(sum, "stored_size") <= JSON.number(sum, "store_size"))
    let shares = try #require(sum["snapshots"] as? [[String: Any]])
    #expect(try JSON.number(shares[2], "unique_alone") == 0, "equal to the fourth")
    #expect(try kist("stats", "latest").output.contains("logical"))

    // dump
    #expect(try kist("dump", ids[0] + ":docs/note.txt").output == "first\n")
    #expect(try kist("dump", "latest", source + "/docs/note.txt").output == "second\n")
    _ = try kist("dump", ids[0] + ":link", status: 1)
    #expect(try kist("dump", "latest:esc\\x1b[31m").output == "\u{2}")

    // tag
    #expect(try kist("tag", "add", "monthly", ids[0], ids[1]).output.contains("2 of 2"))
    #expect(try kist("tag", "remove", "one", "--tag", "one").output.contains("keep,monthly"))
    let tagged = try JSON.summary(kist("tag", "set", "--json", "", ids[1]).output)
    #expect(try JSON.number(tagged, "changed_snapshots") == 1)
    let tags = try JSON.array(kist("snapshots", "--json").output).map { $0["tags"] as? [String] }
    #expect(tags == [["keep", "monthly"], [], [], []])
    #expect(try place.snapshotIDs() == ids, "tags change no ids")
    _ = try kist("tag", "add", "x", status: 2)
    _ = try kist("tag", "add", "", "latest", status: 2)

    // check: the parts together are everything.
    var packs = 0
    for part in ["1/3", "2/3", "3/3"] {
      let checked = try JSON.summary(kist("check", "--json", "--read-data-subset", part).output)
      packs += try JSON.number(checked, "packs_read")
    }
    let all = try JSON.summary(kist("check", "--json", "--read-data-subset", "100%").output)
    #expect(try JSON.number(all, "packs_read") == packs)
    #expect(try JSON.number(all, "packs") == packs)
    for wrong in ["0/3", "4/3", "101%", "0%", "x", "0", "5"] {
      _ = try kist("check", "--read-data-subset", wrong, status: 2)
    }
  }

  @Test func `a dumped folder, unpacked by tar, is equal to the source`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    let made = try place.run(["python3", Programs.tool("make-hostile-tree"), place.path("source")])
    try #require(made.status == 0, "\(made)")
    // tar(1) takes no path that is longer than the kernel's limit.
    try place.call("rm", "-r", place.path("source/deep"))
    let saved = try place.kist("backup", "--quiet", place.path("source"))
    try #require([0, 3].contains(saved.status), "\(saved)")
    try place.call("mkdir", place.path("out"))
    let unpacking =
      "'\(Programs.kist)' dump latest > '\(place.path("archive"))' && tar -x -p --xattrs "
      + "--xattrs-include='*' --acls --warning=no-timestamp -f '\(place.path("archive"))' "
      + "-C '\(place.path("out"))'"
    let unpacked = try place.run(["/bin/sh", "-c", unpacking])
    try #require(unpacked.status == 0, "\(unpacked)")
    try place.requireEqual("source", "out")
  }

  @Test func `output that cannot be written is an error, and damage ends a dump with 20`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 10, bytes: 200_000, seed: 3)
    #expect(try place.kist("backup", "--quiet", place.path("source")).status == 0)
    let kist = "'\(Programs.kist)'"
    for command in ["ls latest", "dump latest", "find '*'", "diff latest latest"] {
      let full = try place.run(["/bin/sh", "-c", "\(kist) \(command) > /dev/full"])
      #expect(full.status == 21, "\(command): \(full)")
    }
    let closed = try place.run([
      "/bin/bash", "-c", "\(kist) dump latest | head -c 10; exit ${PIPESTATUS[0]}",
    ])
    #expect(closed.status == 141, "\(closed)")
    #expect(closed.errors.isEmpty, "a reader that has gone is no fault: \(closed)")

    // Of two snapshots one lacks its trees: what the other has is found all the same.
    let packs = Set(try place.files(below: "repository/packs"))
    try place.write([1], to: "source/part-0/more")
    #expect(try place.kist("backup", "--quiet", place.path("source")).status == 0)
    let lost = try #require(place.files(below: "repository/packs").first { !packs.contains($0) })
    try place.call("mv", place.path(lost), place.path("lost"))
    let found = try place.kist("find", "--json", "file-3")
    #expect(found.status == 20, "\(found)")
    #expect(try JSON.array(found.output).map { $0["hits"] as? Int } == [1])
    #expect(try JSON.lines(found.errors).count == 1)
    let seen = try place.kist("history", "--json", place.path("source/part-0/file-3"))
    #expect(seen.status == 20, "\(seen)")
    #expect(try JSON.array(seen.output).map { $0["snapshots"] as? Int } == [1])
    try place.call("mv", place.path("lost"), place.path(lost))

    for pack in try place.files(below: "repository/packs") {
      var bytes = try place.bytes(pack)
      for place in stride(from: 3000, to: bytes.count, by: 3000) { bytes[place] ^= 4 }
      try place.call("chmod", "u+w", place.path(pack))
      try place.write(bytes, to: pack)
    }
    let damaged = try place.run(["/bin/sh", "-c", "\(kist) dump latest > /dev/null"])
    #expect(damaged.status == 20, "\(damaged)")
    #expect(damaged.errors.contains("not whole") || damaged.errors.contains("cannot be read"))
  }
}
