import Foundation
import Testing

@Suite("Backup and restore", .serialized)
struct RoundTripTests {
  @Test func `a hostile tree comes back equal, and a second backup reads nothing`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    let made = try place.run(["python3", Programs.tool("make-hostile-tree"), place.path("source")])
    try #require(made.status == 0, "\(made)")
    // A file that changed within the last two seconds, or in the future, is read again by design.
    let now = "@\(Int(Date().timeIntervalSince1970))"
    try place.call(
      "find",
      place.path("source"),
      "-type",
      "f",
      "-newermt",
      now,
      "-exec",
      "touch",
      "-d",
      now,
      "{}",
      "+"
    )
    Pause.seconds(3)
    let first = try place.kist("backup", "--json", place.path("source"))
    try #require(first.status == 0, "\(first)")
    let second = try place.kist("backup", "--json", place.path("source"))
    try #require(second.status == 0, "\(second)")
    let summary = try JSON.summary(second.output)
    #expect(try JSON.number(summary, "bytes_read") == 0)
    #expect(try JSON.number(summary, "files_new") == 0)
    #expect(try JSON.number(summary, "files_changed") == 0)
    #expect(try JSON.number(summary, "files_unmodified") > 0)
    #expect(
      try JSON.number(summary, "total_bytes_processed")
        == JSON.number(JSON.summary(first.output), "total_bytes_processed")
    )
    let restored = try place.kist("restore", "latest", "--target", place.path("restored"))
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "restored", options: ["--flags"])
    try place.requireClean("--read-data")
  }

  @Test func `a changed tree gives a second snapshot, and both come back`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    let tool = Programs.tool("make-hostile-tree")
    for name in ["source", "same"] {
      let made = try place.run(["python3", tool, "--seed", "7", place.path(name)])
      try #require(made.status == 0, "\(made)")
    }
    #expect(try place.kist("backup", place.path("source")).status == 0)
    let old = try #require(try place.snapshotIDs().last)
    let changed = try place.run(["python3", tool, "--seed", "7", "--change", place.path("source")])
    try #require(changed.status == 0, "\(changed)")
    #expect(try place.kist("backup", place.path("source")).status == 0)
    #expect(try place.kist("restore", "latest", "--target", place.path("new")).status == 0)
    #expect(try place.kist("restore", old, "--target", place.path("old")).status == 0)
    try place.requireEqual("source", "new", options: ["--flags"])
    try place.requireEqual("same", "old", options: ["--flags"])
  }

  @Test func `a restore keeps what is in the target, and follows no link out of it`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.write([1, 2, 3], to: "source/folder/inner")
    try place.write([4, 5, 6], to: "source/plain")
    try place.write([7, 8, 9], to: "source/shared")
    #expect(try place.kist("backup", place.path("source")).status == 0)

    try place.write([100], to: "outside/inner")
    try place.write([101], to: "outside/victim")
    try place.write([102], to: "outside/other-name")
    try place.write([103], to: "target/bystander")
    try place.call("ln", "-s", place.path("outside"), place.path("target/folder"))
    try place.call("ln", "-s", place.path("outside/victim"), place.path("target/plain"))
    try place.call("ln", place.path("outside/other-name"), place.path("target/shared"))

    let restored = try place.kist("restore", "latest", "--target", place.path("target"))
    #expect([0, 3].contains(restored.status), "\(restored)")
    #expect(try place.bytes("outside/inner") == [100])
    #expect(try place.bytes("outside/victim") == [101])
    #expect(try place.bytes("outside/other-name") == [102])
    #expect(try place.files(below: "outside").count == 3)
    #expect(try place.bytes("target/bystander") == [103])
    #expect(try place.bytes("target/shared") == [7, 8, 9])
    // Either the link was replaced by the snapshot's entry, or it was left and named.
    if restored.status == 0 {
      #expect(try place.bytes("target/plain") == [4, 5, 6])
      #expect(try place.bytes("target/folder/inner") == [1, 2, 3])
    } else {
      #expect(restored.errors.contains("folder") || restored.errors.contains("plain"))
    }
  }

  @Test func `two processes back up into one repository at once`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("left", files: 150, bytes: 40_000, seed: 1)
    try place.fill("right", files: 150, bytes: 40_000, seed: 2)
    // Some of the content is in both, so that both want to store the same chunks.
    try place.fill("left/common", files: 50, bytes: 40_000, seed: 3)
    try place.fill("right/common", files: 50, bytes: 40_000, seed: 3)
    let left = try place.start(["backup", place.path("left")])
    let right = try place.start(
      ["backup", place.path("right")],
      changing: ["KIST_CACHE_DIR": place.path("cache-2"), "KIST_STATE_DIR": place.path("state-2")]
    )
    let outcomes = [try left.wait(), try right.wait()]
    for outcome in outcomes { #expect(outcome.status == 0, "\(outcome)") }
    let third = try place.start(["backup", place.path("left")])
    let fourth = try place.start(["backup", place.path("right")])
    for outcome in [try third.wait(), try fourth.wait()] {
      #expect(outcome.status == 0, "with one cache: \(outcome)")
    }
    let ids = try place.snapshotIDs()
    #expect(Set(ids).count == 4)
    try place.requireClean("--read-data")
    for (number, id) in ids.enumerated() {
      #expect(try place.kist("restore", id, "--target", place.path("out-\(number)")).status == 0)
    }
    let listed = try JSON.array(try place.kist("snapshots", "--json").output)
    for (number, snapshot) in listed.enumerated() {
      let paths = try #require(snapshot["paths"] as? [String])
      let source = paths == [place.path("left")] ? "left" : "right"
      try place.requireEqual(source, "out-\(number)")
    }
  }
}
