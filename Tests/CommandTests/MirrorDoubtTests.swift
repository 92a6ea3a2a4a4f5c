import CoreTypes
import Foundation
import Repositories
import Testing

/// What `kist mirror status` says when what it goes by is lost or cannot be.
@Suite("Doubts about mirrors")
struct MirrorDoubtTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try backup(seed: 1)
    let made = try place.kist("mirror", "push", "--init", place.path("one"))
    try #require(made.status == 0, "\(made)")
  }

  private func backup(seed: UInt64) throws {
    try place.fill("source", files: 3, bytes: 3000, seed: seed)
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
  }

  private func status() throws -> (outcome: Outcome, lines: [[String: Any]]) {
    let outcome = try place.kist("mirror", "status", "--json")
    return (outcome, try JSON.lines(outcome.output))
  }

  /// The file of the newest record.
  private func newestRecord() throws -> String {
    let names = try place.files(below: "repository/records")
    let dates = try names.map { name in
      try #require(
        try FileManager.default.attributesOfItem(atPath: place.path(name))[.modificationDate]
          as? Date
      )
    }
    return try #require(zip(names, dates).max { $0.1 < $1.1 }?.0)
  }

  private func damage(_ name: String) throws {
    var bytes = try place.bytes(name)
    bytes[bytes.count / 2] ^= 1
    try place.call("chmod", "u+w", place.path(name))
    try place.write(bytes, to: name)
  }

  @Test func `a damaged note of the only mirror is told, and is not all being current`() throws {
    let note = try #require(
      try place.files(below: "state").first { $0.contains("/mirrors/") }
    )
    try place.write([1, 2, 3], to: note)
    let (outcome, lines) = try status()
    #expect(outcome.status == 24 && lines.isEmpty, "\(outcome)")
    let warning = try #require(try JSON.lines(outcome.errors).first)
    #expect(try JSON.text(warning, "message_type") == "warning")
    #expect(try JSON.text(warning, "message").hasPrefix(place.path(note)), "\(outcome)")
    let words = try place.kist("mirror", "status")
    #expect(words.status == 24 && words.errors.contains("a push to that mirror"), "\(words)")
    #expect(!words.output.contains("no mirrors"), "\(words)")
    let pushed = try place.kist("mirror", "push", place.path("one"))
    #expect(pushed.status == 0, "\(pushed)")
    let mended = try status()
    #expect(mended.outcome.status == 0 && mended.outcome.errors.isEmpty, "\(mended.outcome)")
  }

  @Test func `a damaged note of checks is told`() throws {
    try #require(try place.kist("check", "-q", "--repo", place.path("one")).status == 0)
    for name in try place.files(below: "state") where name.contains("/checks/") {
      try place.write([1], to: name)
    }
    let outcome = try place.kist("mirror", "status")
    #expect(outcome.status == 24 && outcome.errors.contains("what checks"), "\(outcome)")
  }

  @Test func `what was noted with a clock that was ahead is not the last word`() throws {
    let id = try #require(
      try FileManager.default.contentsOfDirectory(atPath: place.state).first {
        $0.count == 64
      }
    )
    let repository = RepositoryID(try #require(Digest(hexadecimal: id)))
    let memory = MirrorMemory(stateFolder: place.state, repository: repository)
    var note = try #require(try memory.mirror(place.path("one")))
    let ahead = PointInTime(seconds: 4_000_000_000)
    note.learn(frontier: try #require(note.frontier), extraRecords: 0, at: ahead)
    note.meet(mark: note.mark, at: ahead)
    (note.lastAttempt, note.lastSuccess) = (ahead, ahead)
    try memory.keep(note)
    let told = try place.kist("mirror", "status")
    #expect(told.status == 0 && told.output.contains("have not come yet"), "\(told)")
    // A run that fails now is the last word.
    try place.call("mv", place.path("one"), place.path("away"))
    #expect(try place.kist("mirror", "push", place.path("one")).status == 10)
    let failed = try status()
    #expect(failed.outcome.status == 24, "\(failed.outcome)")
    #expect(failed.lines.first?["state"] as? String == "failed", "\(failed.outcome)")
    #expect(failed.lines.first?["times_ahead"] as? Bool == true)
    // One that ends well puts everything right.
    try place.call("mv", place.path("away"), place.path("one"))
    #expect(try place.kist("mirror", "push", place.path("one")).status == 0)
    let right = try status()
    #expect(right.outcome.status == 0, "\(right.outcome)")
    #expect(right.lines.first?["times_ahead"] as? Bool == false)
  }

  @Test(arguments: ["damaged", "gone"])
  func `a record that was lost before it reached the mirror is told`(_ kind: String) throws {
    try backup(seed: 2)
    let record = try newestRecord()
    if kind == "gone" {
      try place.call("rm", "-f", place.path(record))
    } else {
      try damage(record)
    }
    let (outcome, lines) = try status()
    #expect(outcome.status == 24, "\(outcome)")
    #expect(lines.first?["state"] as? String == "unknown", "\(outcome)")
    #expect(lines.first?["records_lost_here"] as? Bool == true)
    let words = try place.kist("mirror", "status")
    #expect(words.output.contains("lost here is not known"), "\(words)")
    #expect(
      words.errors.contains(kind == "gone" ? "is older than" : "`kist check` says"),
      "\(words)"
    )
    #expect(words.errors.hasPrefix("warning: "), "\(words)")
  }

  @Test func `a mirror that had the record that is lost here is named as the way back`() throws {
    try backup(seed: 2)
    try #require(try place.kist("mirror", "push", place.path("one")).status == 0)
    try damage(try newestRecord())
    let words = try place.kist("mirror", "status")
    #expect(words.status == 24 && words.output.contains("brings them back"), "\(words)")
    #expect(!words.output.contains("behind by"), "\(words)")
    let healed = try place.kist("check", "--repair-from", place.path("one"))
    #expect(healed.status == 0, "\(healed)")
    let mended = try status()
    #expect(mended.outcome.status == 0, "\(mended.outcome)")
  }
}
