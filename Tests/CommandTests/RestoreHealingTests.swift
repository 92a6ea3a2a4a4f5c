import Foundation
import TestSupport
import Testing

/// Restores of repositories that are damaged, and have a mirror.
@Suite("Restoring what is damaged")
struct RestoreHealingTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 60, bytes: 30_000, seed: 31)
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", mirror)
    try #require(pushed.status == 0, "\(pushed)")
  }

  private var mirror: String { place.path("mirror") }

  private func serve(_ folder: String, _ options: String = "") -> String {
    "pipe:'\(Programs.kist)' serve --stdio --repo '\(place.path(folder))' \(options)"
  }

  /// Changes a byte in some objects of every pack.
  private func damage(_ folder: String = "repository") throws {
    for pack in try place.files(below: "\(folder)/packs") {
      var bytes = try place.bytes(pack)
      for part in 1...3 { bytes[bytes.count * part / 5] ^= 1 }
      try place.call("chmod", "u+w", place.path(pack))
      try place.write(bytes, to: pack)
    }
  }

  private func lose() throws {
    for pack in try place.files(below: "repository/packs") {
      try place.call("rm", place.path(pack))
    }
  }

  private func restore(_ options: String...) throws -> Outcome {
    try place.start(["restore", "latest", "--target", place.path("out")] + options).wait()
  }

  @Test func `damaged objects come from the mirror and are brought back`() throws {
    try damage()
    let plain = try restore()
    #expect(plain.status == 3, "\(plain)")
    #expect(plain.errors.contains("--repair-from COPY"), "\(plain)")
    let dumped = try place.kist("dump", "latest")
    #expect(dumped.status == 20 && dumped.errors.contains("--repair-from COPY"), "\(dumped)")
    try place.call("rm", "-rf", place.path("out"))
    let healed = try restore("--repair-from", mirror)
    #expect(healed.status == 0, "\(healed)")
    #expect(healed.errors.contains("damaged or missing here came from \(mirror); brought back"))
    try place.requireEqual("source", "out")
    #expect(try place.kist("check", "--read-data", "--repair-from", mirror).status == 0)
    try place.requireClean("--read-data")
  }

  @Test func `lost packs come from the profile's mirror, with the cache and without`() throws {
    try place.write(
      Array(
        """
        [profiles.laptop]
        repository = "\(place.repository)"
        mirrors = ["\(place.path("nothing"))", "\(mirror)"]
        """.utf8
      ),
      to: ".config/kist/config.toml"
    )
    for isCold in [false, true] {
      try lose()
      if isCold { try place.call("rm", "-rf", place.cache) }
      let healed = try restore("--profile", "laptop")
      #expect(healed.status == 0, "cold \(isCold): \(healed)")
      #expect(healed.errors.contains("came from \(mirror)"), "\(healed)")
      try place.requireEqual("source", "out")
      try place.requireClean("--read-data")
      try place.call("rm", "-rf", place.path("out"))
    }
  }

  @Test func `a mirror is not asked for anything while all is whole`() throws {
    let healthy = try restore("--repair-from", "pipe:touch '\(place.path("asked"))'")
    #expect(healthy.status == 0, "\(healthy)")
    #expect(!FileManager.default.fileExists(atPath: place.path("asked")))
    try damage()
    try place.call("rm", "-rf", place.path("out"))
    _ = try restore("--repair-from", "pipe:touch '\(place.path("asked"))'")
    #expect(FileManager.default.fileExists(atPath: place.path("asked")))
  }

  @Test func `without its mirror a restore brings what is whole, and says so`() throws {
    try damage()
    let outcome = try restore("--repair-from", place.path("nothing"))
    #expect(outcome.status == 3, "\(outcome)")
    #expect(outcome.errors.contains("could not be asked for what is damaged here"), "\(outcome)")
    let refused = try restore("--repair-from", serve("mirror", "--role append"))
    #expect(refused.status == 3, "\(refused)")
  }

  @Test func `what may only be read is restored, and stays as it is`() throws {
    try damage()
    let before = try place.files(below: "repository")
    let outcome = try restore(
      "--repo",
      serve("repository", "--role read"),
      "--repair-from",
      serve("mirror", "--role read")
    )
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.errors.contains("not brought back"), "\(outcome)")
    try place.requireEqual("source", "out")
    #expect(try place.files(below: "repository") == before)
    let dry = try restore("--dry-run", "--repair-from", mirror)
    #expect(dry.status == 0, "\(dry)")
    #expect(try place.files(below: "repository") == before)
  }

  @Test func `what is damaged at the mirror too is named, and the rest comes`() throws {
    try damage()
    try damage("mirror")
    let outcome = try restore("--repair-from", mirror)
    #expect(outcome.status == 3, "\(outcome)")
    #expect(outcome.errors.contains("did not come from"), "\(outcome)")
  }

  @Test func `a dump is whole, and brings back what it read`() throws {
    try damage()
    let archive = place.path("archive.tar")
    let outcome = try place.run([
      "/bin/sh", "-c",
      "'\(Programs.kist)' dump --repair-from '\(mirror)' latest > '\(archive)'",
    ])
    #expect(outcome.status == 0, "\(outcome)")
    try place.call("mkdir", place.path("out"))
    try place.call("tar", "-xf", archive, "-C", place.path("out"))
    try place.requireEqual("source", "out")
    let again = try place.run(["/bin/sh", "-c", "'\(Programs.kist)' dump latest > '\(archive)'"])
    #expect(again.status == 0, "\(again)")
  }
}
