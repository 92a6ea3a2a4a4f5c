import Foundation
import TestSupport
import Testing

/// Everything in a repository that is no pack, damaged and brought back from a mirror.
@Suite("Healing files")
struct FileHealingTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize()
    for round in 0..<3 {
      try place.fill("source/\(round)", files: 3, bytes: 3000, seed: UInt64(round))
      let made = try place.kist("backup", "--quiet", place.path("source"))
      try #require(made.status == 0, "\(made)")
    }
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", mirror)
    try #require(pushed.status == 0, "\(pushed)")
  }

  private var mirror: String { place.path("mirror") }

  private func damage(_ file: String) throws {
    var bytes = try place.bytes(file)
    bytes[bytes.count / 2] ^= 1
    try place.call("chmod", "u+w", place.path(file))
    try place.write(bytes, to: file)
  }

  private func check(_ arguments: String..., from: String? = nil) throws -> Outcome {
    try place.start(["check", "--repair-from", from ?? mirror] + arguments).wait()
  }

  @Test(arguments: ["slots", "keyring", "records"])
  func `a damaged file, and one cut short, come back as they were`(folder: String) throws {
    for file in try place.files(below: "repository/\(folder)") {
      let before = try place.bytes(file)
      try damage(file)
      let healed = try check()
      #expect(healed.status == 0, "\(healed)")
      #expect(healed.output.contains(file.dropFirst("repository/".count)), "\(healed)")
      #expect(try place.bytes(file) == before)
      try place.write(Array(before.dropLast(20)), to: file)
      #expect(try check("--without-key").status == 0)
      #expect(try place.bytes(file) == before)
    }
    try place.requireClean("--read-data")
  }

  @Test func `keys and records that are missing come back`() throws {
    for file in try place.files(below: "repository/keyring") {
      let before = try place.bytes(file)
      try place.call("rm", place.path(file))
      #expect(try check().status == 0)
      #expect(try place.bytes(file) == before)
    }
    var came = 0
    for file in try place.files(below: "repository/records") {
      let before = try place.bytes(file)
      try place.call("rm", place.path(file))
      // What no other record names as its parent cannot be known to be missing.
      _ = try check("--without-key")
      guard FileManager.default.fileExists(atPath: place.path(file)) else {
        try place.write(before, to: file)
        continue
      }
      came += 1
      #expect(try place.bytes(file) == before)
    }
    #expect(came >= 2)
    try place.requireClean("--read-data")
  }

  @Test func `a lost enrolment record comes back, and with it what its writer signed`() throws {
    let records = try place.files(below: "repository/records")
    let sizes = try records.map { try place.bytes($0).count }
    let enrolment = try #require(zip(sizes, records).min { $0.0 < $1.0 }?.1)
    let before = try place.bytes(enrolment)
    let snapshots = try place.snapshotIDs()
    #expect(snapshots.count == 3)
    try place.call("rm", place.path(enrolment))
    #expect(try place.snapshotIDs().isEmpty)
    let healed = try check("--read-data")
    #expect(healed.status == 0, "\(healed)")
    #expect(healed.output.contains(enrolment.dropFirst("repository/".count)), "\(healed)")
    #expect(try place.bytes(enrolment) == before)
    #expect(try place.snapshotIDs() == snapshots)
  }

  @Test func `a repository that has lost all its records says so, and gets them back`() throws {
    let snapshots = try place.snapshotIDs()
    try place.call("rm", "-rf", place.path("repository/records"))
    try place.call("mkdir", place.path("repository/records"))
    for line in [["check"], ["check", "--without-key"]] {
      let lost = try place.start(line).wait()
      #expect(lost.status == 20 && lost.errors.contains("packs and no record"), "\(lost)")
      #expect(!lost.output.contains("no errors"), "\(lost)")
    }
    // Without a configuration nothing tells whose copy this is; that is no fault of the mirror.
    try place.call("mv", place.path("repository/kist"), place.path("kept"))
    let nameless = try check()
    #expect(nameless.status == 20 && nameless.errors.contains("kist key export"), "\(nameless)")
    #expect(!nameless.errors.contains("protocol"), "\(nameless)")
    try place.call("mv", place.path("kept"), place.path("repository/kist"))
    let healed = try check("--read-data")
    #expect(healed.status == 0, "\(healed)")
    #expect(try place.snapshotIDs() == snapshots)
    try place.requireClean("--read-data")
  }

  @Test func `hostile names of a mirror are shown escaped`() throws {
    try place.call("mv", mirror, place.path("mirror\u{1B}[31m\nx"))
    let file = try #require(try place.files(below: "repository/keyring").first)
    try damage(file)
    let healed = try check(from: place.path("mirror\u{1B}[31m\nx"))
    #expect(healed.status == 0, "\(healed)")
    #expect(!healed.output.contains("\u{1B}") && healed.output.contains("\\x1b[31m"), "\(healed)")
    let missing = try check(from: place.path("none\u{1B}[31m"))
    #expect(missing.status == 10 && !missing.errors.contains("\u{1B}"), "\(missing)")
  }

  @Test func `a file of many records at a mirror comes back from stores that have them alone`()
    throws
  {
    let file = try #require(try place.files(below: "mirror/records").first)
    let before = try place.bytes(file)
    try place.write(Array(before.prefix(before.count / 2)), to: file)
    let healed = try place.kist(
      "check",
      "--without-key",
      "--repo",
      mirror,
      "--repair-from",
      "pipe:'\(Programs.kist)' serve --stdio --role read --repo '\(place.repository)'"
    )
    #expect(healed.status == 0, "\(healed)")
    #expect(try place.bytes(file) == before)
    try place.requireClean("--repo", mirror, "--without-key")
  }

  @Test func `a slot that was removed here does not come back`() throws {
    try place.write(Array("another\n".utf8), to: "password")
    let added = try place.kist("key", "add", "--new-password-file", place.path("password"))
    try #require(added.status == 0, "\(added)")
    #expect(try place.kist("mirror", "push", "--quiet", mirror).status == 0)
    let slots = try place.files(below: "repository/slots")
    #expect(slots.count == 2)
    try place.call("rm", place.path(slots[0]))
    _ = try check("--without-key")
    #expect(try place.files(below: "repository/slots") == [slots[1]])
    try place.call("rm", place.path(slots[1]))
    _ = try check("--without-key")
    #expect(try place.files(below: "repository/slots").isEmpty)
  }

  @Test func `a lost configuration comes back, and another repository's does not`() throws {
    let before = try place.bytes("repository/kist")
    try damage("repository/kist")
    #expect(try place.kist("snapshots").status != 0)
    let healed = try check()
    #expect(healed.status == 0, "\(healed)")
    #expect(healed.output.contains("configuration"), "\(healed)")
    #expect(try place.bytes("repository/kist") == before)
    try place.call("rm", place.path("repository/kist"))
    let other = place.path("other")
    try #require(try place.kist("init", "--quiet", "--repo", other).status == 0)
    let refused = try check(from: other)
    #expect(refused.status == 22, "\(refused)")
    #expect(!FileManager.default.fileExists(atPath: place.path("repository/kist")))
    #expect(try check().status == 0)
    #expect(try place.bytes("repository/kist") == before)
  }

  @Test func `what the mirror has damaged too is named, and nothing changes`() throws {
    let file = try #require(try place.files(below: "repository/keyring").first)
    let other = "mirror" + file.dropFirst("repository".count)
    try damage(file)
    try damage(other)
    let before = try place.bytes(file)
    let outcome = try check("--without-key")
    #expect(outcome.status == 20, "\(outcome)")
    #expect(outcome.errors.contains("does not have it either"), "\(outcome)")
    #expect(try place.bytes(file) == before)
  }

  @Test func `what was healed is told in JSON`() throws {
    let slot = try #require(try place.files(below: "repository/slots").first)
    try damage(slot)
    try place.call("rm", place.path(try #require(try place.files(below: "repository/packs").first)))
    let outcome = try check("--json")
    #expect(outcome.status == 0, "\(outcome)")
    let healed = try JSON.lines(outcome.output).filter {
      $0["message_type"] as? String == "healed"
    }
    #expect(healed.count == 2, "\(outcome)")
    #expect(try JSON.text(healed[0], "file") == slot.dropFirst("repository/".count))
    #expect(try JSON.number(healed[1], "objects") > 0)
  }
}
