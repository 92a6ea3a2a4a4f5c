import TestSupport
import Foundation
import Glibc
import Testing

@Suite("Lost and damaged files", .serialized)
struct RecoveryTests {
  @Test func `of thousands of files that are lost the first are named, and the others counted`()
    throws
  {
    let place = try Place()
    try place.initialize(key: .recovery)
    // Beyond what an entry holds itself; together one object.
    try place.fill("source", files: 1040, bytes: 200, seed: 5)
    #expect(try place.kist("backup", "-q", "--jobs", "1", place.path("source")).status == 0)
    for pack in try place.files(below: "repository/packs") {
      var bytes = try place.bytes(pack)
      bytes[bytes.count / 2] ^= 1
      try place.call("chmod", "u+w", place.path(pack))
      try place.write(bytes, to: pack)
    }
    let found = try place.kist("check", "--read-data")
    #expect(found.status == 20, "\(found.output)")
    // An object, a pack, or a group of files on a line each, with five paths below a group.
    #expect(found.errors.split(separator: "\n").count < 20, "\(found.errors)")
    #expect(found.errors.contains(" cannot be restored: pack "), "\(found.errors)")
    #expect(found.errors.contains("more (-v names them)\n"), "\(found.errors)")
    let counted = "… and 40 more files and folders in 1 snapshot that cannot be restored\n"
    #expect(found.errors.contains(counted), "\(found.errors)")
    let named = try place.kist("check", "--read-data", "-v").errors.split(separator: "\n").count {
      $0.hasPrefix("  snapshot ")
    }
    #expect(named == 1000)
    let read = try JSON.lines(try place.kist("check", "--read-data", "--json").errors)
    let told = try read.count { try JSON.text($0, "message").contains(" cannot be restored: ") }
    #expect(told == 1000)
  }

  @Test func `what one damaged pack takes away is told once, however many snapshots need it`()
    throws
  {
    let place = try Place()
    try place.initialize()
    try place.fill("source", files: 30, bytes: 3000, seed: 7)
    for round in 0..<3 {
      try place.write([UInt8(round)], to: "source/round")
      #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    }
    let pushed = try place.kist("mirror", "push", "--init", "-q", place.path("mirror"))
    try #require(pushed.status == 0, "\(pushed)")
    let sizes = try place.files(below: "repository/packs").map { (try place.bytes($0).count, $0) }
    let largest = try #require(sizes.max { $0.0 < $1.0 }).1
    try place.call("chmod", "u+w", place.path(largest))
    var bytes = try place.bytes(largest)
    for offset in stride(from: 2000, to: 60_000, by: 500) { bytes[offset] ^= 1 }
    try place.write(bytes, to: largest)
    let found = try place.kist("check", "--read-data")
    #expect(found.status == 20, "\(found)")
    let newestFirst = try place.snapshotIDs().reversed().map { $0.prefix(8) }.joined(
      separator: ", "
    )
    let losses = "30 files and folders in 3 snapshots (\(newestFirst)) cannot be restored: pack "
    #expect(found.errors.contains(losses), "\(found)")
    #expect(found.errors.split(separator: "\n").count <= 10, "\(found.errors)")
    #expect(found.errors.contains("Back up the same files again"), "\(found.errors)")
    let mirror = place.path("mirror")
    let repaired = try place.kist("check", "--read-data", "--repair-from", mirror)
    #expect(repaired.status == 0, "\(repaired)")
    #expect(!repaired.errors.contains("Back up the same files again"), "\(repaired)")
  }

  @Test func `a damaged configuration is told in words that say how it comes back`() throws {
    let place = try Place()
    try place.initialize()
    try place.call("chmod", "u+w", place.path("repository/kist"))
    var bytes = try place.bytes("repository/kist")
    for length in [bytes.count / 2, bytes.count] {
      bytes = Array(bytes.prefix(length))
      bytes[3] ^= 0xFF
      try place.write(bytes, to: "repository/kist")
      let refused = try place.kist("snapshots")
      #expect(refused.status == 20, "\(refused)")
      #expect(refused.errors.contains("(file `kist`) is damaged"), "\(refused)")
      #expect(refused.errors.contains("check --repair-from"), "\(refused)")
      for jargon in ["map key", "truncated at", "head "] {
        #expect(!refused.errors.contains(jargon), "\(refused)")
      }
    }
  }

  @Test func `without the cache everything still works`() throws {
    let place = try prepared()
    try FileManager.default.removeItem(atPath: place.cache)
    #expect(try place.snapshotIDs().count == 1)
    try FileManager.default.removeItem(atPath: place.cache)
    try place.requireClean("--read-data")
    try FileManager.default.removeItem(atPath: place.cache)
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("source", "out")
    try FileManager.default.removeItem(atPath: place.cache)
    let again = try place.kist("backup", "--json", place.path("source"))
    #expect(again.status == 0, "\(again)")
    #expect(try JSON.number(JSON.summary(again.output), "data_added") < 20_000)
  }

  @Test(arguments: ["cut", "empty", "garbage"])
  func `a damaged cache is made anew`(damage: String) throws {
    let place = try prepared()
    var random = SplitMix64(seed: 31)
    let databases = try place.files(below: "cache").filter { $0.hasSuffix("data.mdb") }
    #expect(databases.count == 3)
    for name in databases {
      var bytes = try place.bytes(name)
      switch damage {
      case "cut": bytes = Array(bytes.prefix(bytes.count / 2 + 100))
      case "empty": bytes = []
      default: bytes = random.bytes(bytes.count)
      }
      try place.write(bytes, to: name)
      for command in [["snapshots"], ["check"], ["backup", place.path("source")]] {
        let outcome = try place.start(command).wait()
        #expect(outcome.status == 0, "\(damage) \(name), \(command): \(outcome)")
      }
    }
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("source", "out")
  }

  @Test func `a deleted pack is named, and the next backup of the same files heals it`() throws {
    let place = try prepared()
    for pack in try place.files(below: "repository/packs") {
      try FileManager.default.removeItem(atPath: place.path(pack))
    }
    let checked = try place.kist("check")
    #expect(checked.status == 20, "\(checked)")
    let restored = try place.kist("restore", "latest", "--target", place.path("broken"))
    #expect(restored.status != 0, "\(restored)")
    let healing = try place.kist("backup", place.path("source"))
    #expect(healing.status == 0, "\(healing)")
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
    // What the lost pack also held and nobody needs any more, such as the old snapshot's own
    // object, stays missing: the record that brought it still promises it.
    let after = try place.kist("check", "--read-data", "--json")
    #expect(after.status == 20, "\(after)")
    for finding in try JSON.lines(after.errors) {
      let message = try JSON.text(finding, "message")
      #expect(message.contains("missing") || message.contains("snapshot"), "\(message)")
      #expect(!message.contains("latest"))
    }
  }

  @Test func `a damaged pack is found by check, and healed by the next backup`() throws {
    let place = try prepared()
    let pack = try #require(try place.files(below: "repository/packs").first)
    var bytes = try place.bytes(pack)
    let middle = bytes.count / 2
    for index in middle..<(middle + 1000) { bytes[index] ^= 0xFF }
    try place.write(bytes, to: pack)
    #expect(try place.kist("check", "--read-data").status == 20)
    let healing = try place.kist("backup", place.path("source"))
    #expect(healing.status == 0, "\(healing)")
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
  }

  @Test func `a damaged file of the repository is never restored as if it were whole`() throws {
    let place = try prepared()
    let pack = try #require(
      try place.files(below: "repository/packs").max { left, right in
        try place.bytes(left).count < place.bytes(right).count
      }
    )
    let whole = try place.bytes(pack)
    var random = SplitMix64(seed: 41)
    for round in 0..<8 {
      var bytes = whole
      bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
      try place.write(bytes, to: pack)
      let out = "out-\(round)"
      let restored = try place.kist("restore", "latest", "--target", place.path(out))
      if restored.status == 0 {
        try place.requireEqual("source", out)
        continue
      }
      #expect(!restored.errors.isEmpty)
      for file in try place.files(below: out) {
        let original = try place.bytes("source" + file.dropFirst(out.count))
        #expect(try place.bytes(file) == original, "round \(round): \(file) has wrong bytes")
      }
    }
  }

  /// A place with a folder and a snapshot of it.
  private func prepared() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 40, bytes: 30_000, seed: 30)
    // A file that changed within the last two seconds is read again, by design.
    Pause.seconds(2.5)
    let saved = try place.kist("backup", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    return place
  }

  @Test func `an older copy in the repository's place is 23, and nothing is written to it`() throws
  {
    let place = try prepared()
    try place.call("cp", "-a", place.repository, place.path("older"))
    try place.write([1], to: "source/new")
    let saved = try place.kist("backup", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    try place.call("rm", "-rf", place.repository)
    try place.call("mv", place.path("older"), place.repository)
    let before = try place.files(below: "repository")
    let refused = try place.kist("backup", place.path("source"))
    #expect(refused.status == 23, "\(refused)")
    #expect(try place.files(below: "repository") == before)
    // Reading stays possible, and the way out that the message names is one.
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.call("rm", "-rf", place.state)
    let again = try place.kist("backup", place.path("source"))
    #expect(again.status == 0, "\(again)")
    try place.requireClean("--read-data")
  }

  @Test func `a repository on a read-only medium is read, and a backup to it is 1`() throws {
    let place = try Place()
    let medium = place.path("medium")
    try place.call("mkdir", medium)
    let mounted = try place.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", medium])
    guard mounted.status == 0 else {
      return print("not tested: nothing can be mounted here: \(mounted.errors)")
    }
    defer { do { _ = try place.run(["umount", medium]) } catch { Issue.record(error) } }
    let options = ["KIST_REPOSITORY": medium + "/repository"]
    try #require(try place.kist("init", changing: options).status == 0)
    try place.fill("source", files: 10, bytes: 50_000, seed: 71)
    #expect(try place.kist("backup", place.path("source"), changing: options).status == 0)
    try place.call("mount", "-o", "remount,ro", medium)
    // As a machine that knows nothing of the repository yet.
    try place.call("rm", "-rf", place.cache, place.state)
    let restore = ["restore", "latest", "--target", place.path("out")]
    for command in [["snapshots"], ["ls", "latest"], ["check", "--read-data"], restore] {
      let outcome = try place.start(command, changing: options).wait()
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(command): \(outcome)")
    }
    try place.requireEqual("source", "out")
    let refused = try place.kist("backup", place.path("source"), changing: options)
    #expect(refused.status == 1, "\(refused)")
    #expect(refused.errors.contains("Read-only file system"), "\(refused)")
  }

  @Test
  func `an interrupted init can be run again, and a repository without its configuration is kept`()
    throws
  {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.call("rm", place.path("repository/kist"))
    try place.initialize(key: .recovery)
    try place.requireClean("--read-data")
    try place.write([1, 2, 3], to: "source/a")
    #expect(try place.kist("backup", place.path("source")).status == 0)
    try place.call("rm", place.path("repository/kist"))
    let before = try place.files(below: "repository")
    let refused = try place.kist("init")
    #expect(refused.status == 1, "\(refused)")
    #expect(try place.files(below: "repository") == before)
  }

  @Test func `a process with little address space backs up, restores and checks`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 100, bytes: 4000, seed: 1)
    for arguments in [
      "backup \(place.path("source"))", "restore latest -t \(place.path("out"))", "check",
    ] {
      let line = "ulimit -v 6000000; exec \(Programs.kist) \(arguments)"
      let outcome = try place.run(["sh", "-c", line])
      #expect(outcome.status == 0, "\(outcome)")
    }
    try place.requireEqual("source", "out")
  }

  @Test func `too little memory to unlock is 1, and says nothing about the password`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    var told: Outcome?
    // How much the program itself takes differs from machine to machine.
    for kibibytes in stride(from: 100_000, through: 250_000, by: 10_000) where told == nil {
      let line = "ulimit -v \(kibibytes); exec \(Programs.kist) snapshots"
      let outcome = try place.run(["sh", "-c", line])
      if outcome.errors.contains("unlocking needs") { told = outcome }
    }
    let outcome = try #require(told)
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains("says nothing about the password"), "\(outcome)")
  }
}
