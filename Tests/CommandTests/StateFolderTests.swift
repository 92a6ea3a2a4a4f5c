import Foundation
import Testing

/// A state folder that does not take what is to be remembered.
@Suite("State folder")
struct StateFolderTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 3, bytes: 3000, seed: 1)
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
  }

  /// The last part of a path that a text names after `start`.
  private func named(in text: String, after start: String) throws -> String {
    let rest = try #require(text.range(of: start), "\(text)").upperBound
    let path = text[rest...].prefix { $0 != ":" && $0 != "\n" }
    return path.split(separator: "/").last.map(String.init) ?? ""
  }

  @Test func `where the state of the repository cannot be kept, the snapshot is said to be saved`()
    throws
  {
    let seen = try #require(try place.files(below: "state").first { $0.contains("/seen-") })
    try place.call("rm", "-f", place.path(seen))
    // A folder of that name cannot be replaced by a file; reading it is refused before anything is written.
    try place.fill("source", files: 3, bytes: 3000, seed: 2)
    let started = try place.start(["backup", "--limit-upload", "4K", place.path("source")])
    Pause.seconds(0.7)
    try place.call("mkdir", place.path(seen))
    let outcome = try started.wait()
    #expect(outcome.status == 0 && outcome.output.contains(" saved in "), "\(outcome)")
    #expect(outcome.errors.contains("what was written to the repository is saved"), "\(outcome)")
    #expect(outcome.errors.contains(place.state), "\(outcome)")
  }

  @Test(.enabled(if: SmallMount.isPossible, "not root: a full file system is NOT tested"))
  func `a full file system names the file that matters, and what it means`() throws {
    let mount = try SmallMount(place, "full", kibibytes: 256)
    defer { mount.end() }
    try place.call("cp", "-a", place.state + "/.", place.path("full"))
    try mount.fill(leaving: 0)
    let full = ["KIST_STATE_DIR": place.path("full")]
    let backup = try place.kist("backup", place.path("source"), changing: full)
    #expect(backup.status == 21, "\(backup)")
    #expect(
      try named(in: backup.errors, after: "state folder: ").hasPrefix("sequence-"),
      "\(backup)"
    )
    #expect(backup.errors.contains("KIST_STATE_DIR"), "\(backup)")
    let push = try place.kist("mirror", "push", "--init", place.path("one"), changing: full)
    #expect(push.status == 0, "\(push)")
    let words = "cannot be noted for `kist mirror status`: "
    let name = try named(in: push.errors, after: words)
    #expect(push.errors.contains("/mirrors/"), "\(push)")
    #expect(name == "mirrors" || name.count == 32, "\(push)")
    let check = try place.kist("check", changing: full)
    #expect(check.status == 0 && check.errors.contains("/checks"), "\(check)")
    #expect(check.errors.contains("what was done is done"), "\(check)")
  }

  @Test(.enabled(if: SmallMount.isPossible, "not root: a read-only file system is NOT tested"))
  func `a read-only file system names the file that matters, and what it means`() throws {
    let mount = try SmallMount(place, "kept", kibibytes: 256)
    defer { mount.end() }
    try place.call("cp", "-a", place.state + "/.", place.path("kept"))
    try place.call("mount", "-o", "remount,ro", place.path("kept"))
    let kept = ["KIST_STATE_DIR": place.path("kept")]
    let backup = try place.kist("backup", place.path("source"), changing: kept)
    #expect(backup.status == 1 && backup.errors.contains("Read-only file system"), "\(backup)")
    #expect(
      try named(in: backup.errors, after: "state folder: ").hasPrefix("sequence-"),
      "\(backup)"
    )
    #expect(backup.errors.contains("No record was written"), "\(backup)")
    #expect(try place.snapshotIDs().count == 1)
  }
}
