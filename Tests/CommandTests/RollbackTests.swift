import Foundation
import Testing

@Suite("An older copy in the repository's place")
struct RollbackTests {
  private let place: Place

  /// The repository is older than this machine knows; `newer` and `mirror` have what is gone.
  init() throws {
    place = try Place()
    try place.initialize()
    try place.fill("source", files: 5, bytes: 3000, seed: 82)
    try place.write(Array("another one\n".utf8), to: "password")
    try backup()
    try place.call("cp", "-a", place.repository, place.path("older"))
    try place.write([1], to: "source/new")
    try backup()
    let pushed = try place.kist("mirror", "push", "--init", "-q", place.path("mirror"))
    try #require(pushed.status == 0, "\(pushed)")
    try place.call("mv", place.repository, place.path("newer"))
    try place.call("mv", place.path("older"), place.repository)
  }

  private func backup() throws {
    let saved = try place.kist("backup", "-q", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
  }

  private static let words =
    "the repository is older than when this machine saw it last: records are gone that this machine saw"

  @Test func `whatever would write to it is 23, and changes no file`() throws {
    let slot = try #require(try place.files(below: "repository/slots").first)
    let before = try place.files(below: "repository")
    let mirror = place.path("mirror")
    let password = ["--new-password-file", place.path("password")]
    for command in [
      ["backup", place.path("source")], ["tag", "add", "x", "latest"], ["key", "add"] + password,
      ["key", "add", "--recovery"], ["key", "passwd"] + password,
      ["key", "remove", String(slot.suffix(64))], ["check", "--repair-from", mirror],
      ["check", "--without-key", "--repair-from", mirror],
    ] {
      let refused = try place.start(command).wait()
      #expect(refused.status == 23, "\(command): \(refused)")
      #expect(refused.errors.contains(Self.words), "\(command): \(refused)")
      #expect(refused.errors.contains("Nothing was written."), "\(command): \(refused)")
      #expect(try place.files(below: "repository") == before, "\(command)")
    }
  }

  @Test func `it can be looked at, with a warning, and check is 23 when nothing is worse`() throws {
    let before = try place.files(below: "repository")
    for (command, status) in [
      (["snapshots"], 0), (["check"], 23), (["check", "--without-key"], 23),
      (["check", "--read-data"], 23),
    ] as [([String], Int32)] {
      let outcome = try place.start(command).wait()
      #expect(outcome.status == status, "\(command): \(outcome)")
      #expect(outcome.errors.contains("warning: " + Self.words), "\(command): \(outcome)")
      let lines = outcome.errors.split(separator: "\n")
      #expect(lines.count == 1, "\(command): \(outcome)")
      let read = try JSON.lines(try place.start(command + ["--json"]).wait().errors)
      #expect(read.count == 1, "\(command): \(read)")
      #expect(try JSON.text(read[0], "message_type") == "warning")
      #expect(try JSON.number(read[0], "code") == 23)
      #expect(try JSON.text(read[0], "message") == Self.words)
    }
    for command in [
      ["restore", "latest", "--target", place.path("out")], ["ls", "latest"], ["find", "file-1"],
      ["diff", "latest", "latest"], ["dump", "latest:" + place.path("source/part-0/file-1")],
      ["history", place.path("source/part-0/file-1")], ["stats"],
    ] {
      let outcome = try place.start(command).wait()
      #expect(outcome.status == 0, "\(command): \(outcome)")
      #expect(outcome.errors.hasPrefix("warning: " + Self.words), "\(command): \(outcome)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(command): \(outcome)")
    }
    #expect(try place.files(below: "repository") == before)
    // Damage is worse.
    let pack = try #require(try place.files(below: "repository/packs").first)
    try place.call("rm", place.path(pack))
    let damaged = try place.kist("check")
    #expect(damaged.status == 20 && damaged.errors.contains(Self.words), "\(damaged)")
  }

  @Test func `a restore takes what is damaged from a mirror, and stores nothing`() throws {
    for pack in try place.files(below: "repository/packs") {
      try place.call("rm", place.path(pack))
    }
    let before = try place.files(below: "repository")
    let out = ["restore", "latest", "-t", place.path("out")]
    let restored = try place.start(out + ["--repair-from", place.path("mirror")]).wait()
    #expect(restored.status == 0, "\(restored)")
    #expect(try place.files(below: "repository") == before)
    #expect(try place.files(below: "out").count == 5)
  }

  @Test func `a mirror that has what is gone brings it back, and everything goes on`() throws {
    let pulled = try place.kist("mirror", "pull", place.path("mirror"))
    #expect(pulled.status == 0, "\(pulled)")
    #expect(try place.snapshotIDs().count == 2)
    try backup()
    try place.requireClean("--read-data")
    // A machine that has never seen it has nothing to compare it with.
    try place.call("rm", "-rf", place.state, place.repository)
    try place.call("cp", "-a", place.path("newer"), place.repository)
    try place.requireClean()
  }

  @Test func `a damaged record file is damage and no rollback, and can be repaired`() throws {
    try place.call("rm", "-rf", place.repository)
    try place.call("cp", "-a", place.path("newer"), place.repository)
    let newest = try place.files(below: "repository/records").filter {
      !FileManager.default.fileExists(
        atPath: place.path("older/" + $0.dropFirst("repository/".count))
      )
    }
    for file in newest {
      var bytes = try place.bytes(file)
      bytes[bytes.count / 2] ^= 1
      try place.call("chmod", "u+w", place.path(file))
      try place.write(bytes, to: file)
    }
    let checked = try place.kist("check")
    #expect(checked.status == 20, "\(checked)")
    #expect(!checked.errors.contains("older than"), "\(checked)")
    // Whoever would write says the same, and writes nothing.
    let before = try place.files(below: "repository")
    for command in [["backup", place.path("source")], ["tag", "add", "x", "latest"]] {
      let refused = try place.start(command).wait()
      #expect(refused.status == 20, "\(command): \(refused)")
      let name = try #require(newest.first).suffix(64).prefix(8)
      #expect(refused.errors.contains("records/\(name)"), "\(command): \(refused)")
      #expect(refused.errors.contains("Nothing was written"), "\(command): \(refused)")
      #expect(refused.errors.contains("--repair-from"), "\(command): \(refused)")
      #expect(!refused.errors.contains("older than"), "\(command): \(refused)")
      #expect(try place.files(below: "repository") == before, "\(command)")
    }
    let healed = try place.kist("check", "--repair-from", place.path("mirror"))
    #expect(healed.status == 0, "\(healed)")
  }
}
