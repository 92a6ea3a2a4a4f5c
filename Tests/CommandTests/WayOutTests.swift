import Foundation
import TestSupport
import Testing

/// Messages about damage name the way out, and that way works.
@Suite("Ways out of damage")
struct WayOutTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize()
    try place.fill("source", files: 6, bytes: 30_000, seed: 5)
    try kist("backup", "-q", place.path("source"))
  }

  @discardableResult
  private func kist(_ arguments: String...) throws -> Outcome {
    let outcome = try place.start(arguments).wait()
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private func mirror() throws -> String {
    try kist("mirror", "push", "--init", "-q", place.path("mirror"))
    return place.path("mirror")
  }

  private func empty(_ folder: String) throws {
    try place.call("rm", "-rf", place.path(folder))
    try place.call("mkdir", place.path(folder))
  }

  @Test func `what is gone for good is said with its snapshots, and the others are copied`() throws
  {
    let before = Set(try place.files(below: "repository/packs"))
    try place.write([UInt8](repeating: 3, count: 70_000), to: "source/gone")
    try kist("backup", "-q", place.path("source"))
    let added = Set(try place.files(below: "repository/packs")).subtracting(before)
    for pack in added { try place.call("rm", "-f", place.path(pack)) }
    try place.call("rm", place.path("source/gone"))
    try kist("backup", "-q", place.path("source"))
    let ids = try place.snapshotIDs()
    #expect(try place.kist("check").status == 20)
    let repaired = try place.kist("check", "--repair")
    #expect(repaired.status == 20, "\(repaired)")
    #expect(repaired.errors.contains("1 snapshot (\(ids[1].prefix(8))) stays incomplete"))
    #expect(repaired.errors.contains("kist mirror push --init COPY SNAPSHOT…"), "\(repaired)")
    let refused = try place.kist("mirror", "push", "--init", place.path("all"))
    #expect(refused.status == 20, "\(refused)")
    #expect(refused.errors.contains("kist mirror push --init COPY SNAPSHOT…"), "\(refused)")
    let half = try place.kist("snapshots", "--repo", place.path("all"))
    #expect(!half.output.contains("makes the first"), "\(half)")
    try kist("mirror", "push", "--init", place.path("copy"), "latest", String(ids[0]))
    try kist("check", "--read-data", "--repo", place.path("copy"))
  }

  @Test(arguments: ["lost", "damaged"])
  func `a repository that lost its number gets another by a repair`(_ how: String) throws {
    let copy = try mirror()
    try place.call("chmod", "u+w", place.path("repository/store"))
    let old = try place.bytes("repository/store")
    if how == "lost" {
      try place.call("rm", place.path("repository/store"))
    } else {
      try place.write([1, 2, 3], to: "repository/store")
    }
    let refused = try place.kist("snapshots")
    #expect(refused.status == 20 && refused.errors.contains("kist check --repair"), "\(refused)")
    try kist("check", "--repair")
    let new = try place.bytes("repository/store")
    #expect(new != old && new.count == old.count)
    #expect(new != (try place.bytes("mirror/store")))
    #expect(try place.snapshotIDs().count == 1)
    try kist("backup", "-q", place.path("source"))
    try kist("mirror", "push", copy)
    try kist("check", "--read-data", "--repo", copy)
  }

  @Test func `a copy of chosen snapshots that lost its number still is one`() throws {
    try kist("backup", "-q", place.path("source"))
    try kist("mirror", "push", "--init", "-q", place.path("copy"), "latest")
    try place.call("rm", "-f", place.path("copy/store"))
    try kist(
      "check",
      "--without-key",
      "--repair-from",
      place.path("repository"),
      "--repo",
      place.path("copy")
    )
    let checked = try kist("check", "--repo", place.path("copy"))
    #expect(checked.output.contains("left out of this copy by choice: 1 more snapshot"))
  }

  @Test func `lost key slots are said to come back by a pull, which says that they came`() throws {
    let copy = try mirror()
    try empty("repository/slots")
    let closed = try place.kist("snapshots")
    #expect(closed.status == 20 && closed.errors.contains("kist mirror pull"), "\(closed)")
    let checked = try place.kist("check")
    #expect(checked.status == 20 && !checked.output.contains("no errors"), "\(checked)")
    #expect(checked.errors.contains("kist mirror pull"), "\(checked)")
    let pulled = try kist("mirror", "pull", copy)
    #expect(pulled.output.contains("received: 1 key slot"), "\(pulled)")
    #expect(!pulled.output.contains("nothing new"), "\(pulled)")
    try kist("snapshots")
  }

  @Test func `damaged key slots are said to come back by a healing, and do`() throws {
    let copy = try mirror()
    for slot in try place.files(below: "repository/slots") {
      try place.call("chmod", "u+w", place.path(slot))
      try place.write([7], to: slot)
    }
    let closed = try place.kist("snapshots")
    #expect(closed.status == 20, "\(closed)")
    #expect(closed.errors.contains("kist check --repair-from COPY"), "\(closed)")
    try kist("check", "--repair-from", copy)
    try kist("snapshots")
  }

  @Test func `who lost all records is not told to make the first snapshot`() throws {
    let copy = try mirror()
    try empty("repository/records")
    let listed = try place.kist("snapshots")
    #expect(!listed.output.contains("makes the first"), "\(listed)")
    let refused = try place.kist("backup", place.path("source"))
    #expect(refused.status == 23, "\(refused)")
    #expect(refused.errors.contains("kist check --repair-from MIRROR"), "\(refused)")
    try kist("check", "--repair-from", copy)
    try kist("backup", "-q", place.path("source"))
  }

  @Test func `a copy that was made by hand is named as one`() throws {
    try place.call("cp", "-a", place.path("repository"), place.path("byhand"))
    let refused = try place.kist("mirror", "push", place.path("byhand"))
    #expect(refused.status == 1 && refused.errors.contains("made by hand"), "\(refused)")
    let same = try place.kist("mirror", "push", place.path("repository/../repository"))
    #expect(same.status == 1 && !same.errors.contains("by hand"), "\(same)")
    #expect(same.errors.contains("is this same repository\n"), "\(same)")
  }

  @Test func `a copy that was made by hand, and used, becomes a mirror, and nothing in it is lost`()
    throws
  {
    let byHand = place.path("byhand")
    try place.call("cp", "-a", place.path("repository"), byHand)
    try place.write([1, 2, 3], to: "source/here")
    try kist("backup", "-q", place.path("source"))
    try place.write([4, 5, 6], to: "source/there")
    let other = try place.kist(
      "backup",
      "-q",
      "--repo",
      byHand,
      place.path("source"),
      changing: ["KIST_STATE_DIR": place.path("state-2"), "KIST_CACHE_DIR": place.path("cache-2")]
    )
    try #require(other.status == 0, "\(other)")
    #expect(try place.kist("mirror", "sync", byHand).status == 1)
    // As it is advised.
    try place.call("rm", byHand + "/store")
    try kist("check", "--repair", "--repo", byHand)
    try kist("mirror", "sync", byHand)
    for repository in [place.repository, byHand] {
      let listed = try JSON.array(
        try place.kist("snapshots", "--json", "--repo", repository).output
      )
      let all = try JSON.array(try place.kist("snapshots", "--json").output)
      #expect(listed.count == all.count)
      let found = try place.kist("find", "there", "--repo", repository)
      #expect(found.status == 0 && found.output.contains("source/there"), "\(found)")
      try kist("check", "--read-data", "--repo", repository)
    }
  }

  @Test func `a mirror is not made in a folder of other files, and nothing is said to be kept`()
    throws
  {
    try place.write([1], to: "docs/letter")
    let refused = try place.kist("mirror", "push", "--init", place.path("docs"))
    #expect(refused.status == 1 && refused.errors.contains("Nothing was sent"), "\(refused)")
    #expect(!refused.errors.contains("kept"), "\(refused)")
    #expect(try place.files(below: "docs") == ["docs/letter"])
  }

  @Test func `a damaged mirror that is checked without a key is not told to back up first`() throws
  {
    let copy = try mirror()
    let packs = try place.files(below: "mirror/packs")
    let pack = try #require(packs.max { try place.bytes($0).count < place.bytes($1).count })
    try place.call("chmod", "u+w", place.path(pack))
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 3] ^= 4
    try place.write(bytes, to: pack)
    let found = try place.kist("check", "--read-data", "--without-key", "--repo", copy)
    #expect(found.status == 20 && found.errors.contains("--repair-from OTHER"), "\(found)")
    #expect(!found.errors.contains("Back up"), "\(found)")
    try kist(
      "check",
      "--read-data",
      "--without-key",
      "--repair-from",
      place.path("repository"),
      "--repo",
      copy
    )
  }
}
