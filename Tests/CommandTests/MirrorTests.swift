import Foundation
import Testing

/// `kist mirror`, `kist serve`, and checking and healing without a key, as a person uses them.
@Suite("Mirrors")
struct MirrorTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 60, bytes: 30_000, seed: 11)
    try backup()
  }

  private func backup() throws {
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
  }

  /// A command that serves a folder of this place.
  private func serve(_ folder: String, _ options: String = "") -> String {
    "'\(Programs.kist)' serve --stdio --repo '\(place.path(folder))' \(options)"
  }

  private func summary(_ outcome: Outcome) throws -> [String: Any] {
    try #require(outcome.status == 0, "\(outcome)")
    return try JSON.summary(outcome.output)
  }

  private func objects(_ summary: [String: Any], _ direction: String) throws -> Int {
    let part = try #require(summary[direction] as? [String: Any])
    return try JSON.number(part, "objects")
  }

  @Test func `a pull that is only tried says what would come, and stores nothing`() throws {
    let copy = place.path("copy")
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", copy)
    try #require(pushed.status == 0, "\(pushed)")
    try place.fill("source/more", files: 2, bytes: 5000, seed: 13)
    try backup()
    let before = try place.files(below: "copy")
    for from in [place.repository, "pipe:" + serve("repository")] {
      let pull = ["mirror", "pull", "--dry-run", "--json", "--repo", copy, from]
      let tried = try summary(place.start(pull).wait())
      #expect((1...4).contains(try objects(tried, "received")), "\(from): \(tried)")
    }
    #expect(try place.files(below: "copy") == before)
    let new = try place.kist(
      "mirror",
      "pull",
      "--init",
      "--dry-run",
      "--repo",
      place.path("new"),
      copy
    )
    #expect(new.output.contains("everything that is there"), "\(new)")
    #expect(!FileManager.default.fileExists(atPath: place.path("new/kist")))
  }

  @Test func `a folder that holds something else is no place for a copy, and is told as such`()
    throws
  {
    let pushed = try place.kist("mirror", "push", "--init", place.path("source"))
    #expect(pushed.status == 1 && pushed.errors.contains("is not empty"), "\(pushed)")
  }

  @Test func `a mirror over a pipe is pushed, checked without key, and restored from`() throws {
    let first = try summary(
      place.kist("mirror", "push", "--init", "--json", "--via", serve("mirror"))
    )
    #expect(try objects(first, "sent") > 0)
    try place.fill("source/more", files: 2, bytes: 5000, seed: 12)
    try backup()
    let second = try summary(place.kist("mirror", "push", "--json", "--via", serve("mirror")))
    #expect((1...4).contains(try objects(second, "sent")))
    let third = try summary(place.kist("mirror", "push", "--json", "--via", serve("mirror")))
    #expect(
      try JSON.number(third, "wire_bytes_sent") + JSON.number(third, "wire_bytes_received") < 4096
    )

    let checked = try place.kist(
      "check",
      "--repo",
      place.path("mirror"),
      "--without-key",
      "--read-data"
    )
    #expect(checked.status == 0, "\(checked)")
    try place.call("rm", "-rf", place.repository)
    let restored = try place.kist(
      "restore",
      "--repo",
      place.path("mirror"),
      "latest",
      "--target",
      place.path("out")
    )
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
  }

  @Test func `two repositories that went different ways are brought together`() throws {
    let other = place.path("other")
    _ = try summary(place.kist("mirror", "push", "--init", "--json", other))
    try place.fill("here", files: 1, bytes: 1000, seed: 1)
    try place.fill("there", files: 1, bytes: 1000, seed: 2)
    let one = try place.kist("backup", "--quiet", place.path("here"))
    // Another machine: a writer that signs in two stores at once would count its records twice.
    let two = try place.kist(
      "backup",
      "--quiet",
      "--repo",
      other,
      place.path("there"),
      changing: ["KIST_STATE_DIR": place.path("other-state")]
    )
    try #require(one.status == 0 && two.status == 0, "\(one) \(two)")
    let both = try summary(place.kist("mirror", "sync", "--json", other))
    #expect(try objects(both, "sent") > 0 && objects(both, "received") > 0)
    try place.requireClean("--read-data")
    try place.requireClean("--read-data", "--repo", other)
    #expect(try place.snapshotIDs().count == 3)
  }

  @Test func `a dry run and a missing destination change nothing`() throws {
    let dry = try summary(
      place.kist("mirror", "push", "--init", "--dry-run", "--json", place.path("mirror"))
    )
    #expect(try objects(dry, "sent") > 0)
    #expect(!FileManager.default.fileExists(atPath: place.path("mirror")))
    #expect(try place.kist("mirror", "push", place.path("mirror")).status == 10)
    #expect(!FileManager.default.fileExists(atPath: place.path("mirror")))
  }

  @Test func `what the other end's command line forbids does not happen`() throws {
    _ = try summary(place.kist("mirror", "push", "--init", "--json", place.path("mirror")))
    let pulled = try place.kist("mirror", "pull", "--via", serve("mirror", "--role append"))
    #expect(pulled.status == 22, "\(pulled)")
    let pushed = try place.kist("mirror", "push", "--via", serve("mirror", "--role read"))
    #expect(pushed.status == 22, "\(pushed)")
    try place.fill("source/more", files: 1, bytes: 400_000, seed: 5)
    try backup()
    let full = try place.kist(
      "mirror",
      "push",
      "--via",
      serve("mirror", "--role append --quota 1M")
    )
    #expect(full.status == 21, "\(full)")
    let made = try place.kist("mirror", "push", "--init", "--via", serve("new", "--role mirror"))
    #expect(made.status == 10, "\(made)")
  }

  @Test func `a program that speaks something else is named with its words`() throws {
    let outcome = try place.kist("mirror", "push", "--via", "echo 'Last login: today'; exec false")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("Last login: today"), "\(outcome)")
    let noisy = try place.kist(
      "mirror",
      "push",
      "--init",
      "--via",
      "echo Welcome; exec " + serve("mirror")
    )
    #expect(noisy.status == 0, "\(noisy)")
  }

  @Test func `a damaged pack and a lost one are healed from the mirror, with a key and without`()
    throws
  {
    _ = try summary(place.kist("mirror", "push", "--init", "--json", place.path("mirror")))
    let pack = try #require(try place.files(below: "repository/packs").first)
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 3] ^= 1
    try place.call("chmod", "u+w", place.path(pack))
    try place.write(bytes, to: pack)
    #expect(try place.kist("check", "--read-data").status == 20)
    let healed = try place.kist(
      "check",
      "--read-data",
      "--repair-from",
      place.path("mirror")
    )
    #expect(healed.status == 0, "\(healed)")
    try place.requireClean("--read-data")

    let lost = try #require(try place.files(below: "mirror/packs").first)
    try place.call("rm", place.path(lost))
    let back = try place.kist(
      "check",
      "--repo",
      place.path("mirror"),
      "--without-key",
      "--repair-from",
      place.repository
    )
    #expect(back.status == 0, "\(back)")
    try place.requireClean("--read-data", "--repo", place.path("mirror"))
  }
}
