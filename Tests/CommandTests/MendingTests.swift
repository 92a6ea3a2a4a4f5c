import Foundation
import TestSupport
import Testing

/// `check --repair`: what was lost, and stored anew since, is no longer asked for.
@Suite("Repair without another copy")
struct MendingTests {
  private func prepared() throws -> (place: Place, pack: String) {
    let place = try Place()
    try place.initialize()
    try place.fill("source", files: 40, bytes: 90_000, seed: 71)
    try backUp(place)
    let packs = try place.files(below: "repository/packs")
    let pack = try #require(packs.max { try place.bytes($0).count < place.bytes($1).count })
    try place.call("chmod", "u+w", place.path(pack))
    return (place, pack)
  }

  private func backUp(_ place: Place) throws {
    let outcome = try place.kist("backup", "--quiet", place.path("source"))
    try #require(outcome.status == 0, "\(outcome)")
  }

  private func forgetCache(_ place: Place) throws {
    try FileManager.default.removeItem(atPath: place.cache)
  }

  private func damage(_ place: Place, _ pack: String, _ how: String) throws {
    var bytes = try place.bytes(pack)
    switch how {
    case "gone": try FileManager.default.removeItem(atPath: place.path(pack))
    case "flipped":
      bytes[bytes.count / 3] ^= 4
      try place.write(bytes, to: pack)
    case "a folder in its place":
      try FileManager.default.removeItem(atPath: place.path(pack))
      try place.call("mkdir", place.path(pack))
    case "cut": try place.write(Array(bytes.prefix(bytes.count / 2)), to: pack)
    default: Issue.record("\(how)")
    }
  }

  /// All is well by every measure: checks, every restore, an unchanged backup, a new mirror.
  private func requireOrder(_ place: Place) throws {
    for arguments in [
      ["check", "--read-data"], ["check", "--read-data", "--without-key"],
      ["restore", "latest", "--target", place.path("out"), "--delete"],
      ["restore", "latest~1", "--target", place.path("out"), "--delete"],
    ] {
      let outcome = try place.start(arguments).wait()
      #expect(outcome.status == 0, "\(arguments): \(outcome)")
    }
    // A file counts as unchanged if it had been left alone for two seconds before it was read.
    Pause.seconds(2.5)
    let again = try place.kist("backup", "--json", place.path("source"))
    #expect(try JSON.number(JSON.summary(again.output), "data_added") < 20_000, "\(again)")
    let third = try place.kist("backup", "--json", place.path("source"))
    #expect(try JSON.number(JSON.summary(third.output), "bytes_read") == 0, "\(third)")
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", place.path("mirror"))
    #expect(pushed.status == 0, "\(pushed)")
    let copy = try place.kist("check", "--read-data", "--repo", place.path("mirror"))
    #expect(copy.status == 0, "\(copy)")
  }

  @Test(arguments: ["gone", "flipped", "cut", "a folder in its place"], ["warm", "cold"])
  func `damage that a backup made good is put in order, and nothing remembers it`(
    _ how: String,
    _ cache: String
  ) throws {
    let (place, pack) = try prepared()
    try damage(place, pack, how)
    if cache == "cold" { try forgetCache(place) }
    #expect(try place.kist("check", "--read-data").status == 20)
    // Before anything was stored anew there is nothing to let go.
    let early = try place.kist("check", "--read-data", "--repair")
    #expect(early.status == 20, "\(early)")
    #expect(early.errors.contains("held what snapshots need"), "\(early)")
    try backUp(place)
    if cache == "cold" { try forgetCache(place) }
    #expect(try place.kist("check", "--read-data").status == 20)
    let mended = try place.kist("check", "--read-data", "--repair")
    #expect(mended.status == 0, "\(mended)")
    #expect(mended.output.contains("in order again"), "\(mended)")
    try requireOrder(place)
  }

  @Test(arguments: ["cut", "empty"])
  func `a pack that was cut since is noticed by the next backup, which stores it anew`(
    _ how: String
  ) throws {
    let (place, pack) = try prepared()
    // Left alone for long enough to count as unchanged.
    Pause.seconds(2.5)
    try backUp(place)
    let bytes = try place.bytes(pack)
    try place.write(how == "cut" ? Array(bytes.prefix(bytes.count / 2)) : [], to: pack)
    let noticed = try place.kist("backup", "-q", place.path("source"))
    #expect(noticed.status == 0 && noticed.errors.contains("what was in it counts as absent"))
    let restored = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
  }

  @Test func `what is lost with a folder that cannot be listed is said`() throws {
    let (place, pack) = try prepared()
    try damage(place, pack, "gone")
    let checked = try place.kist("check")
    #expect(checked.errors.contains("1 file or folder, and 40 files below, in"), "\(checked)")
    #expect(checked.errors.contains("/source, and with it 40 files below it\n"), "\(checked)")
    let repaired = try place.kist("check", "--repair")
    #expect(repaired.errors.contains("No other snapshot is there"), "\(repaired)")
  }

  @Test func `what nothing holds any more is not let go, and the rest is`() throws {
    let (place, pack) = try prepared()
    try damage(place, pack, "gone")
    // One file is gone from the source: what it was is nowhere now.
    let gone = try #require(try place.files(below: "source").sorted().first)
    try place.call("cp", "-a", place.path("source"), place.path("saved"))
    try FileManager.default.removeItem(atPath: place.path(gone))
    #expect(try place.kist("check").status == 20)
    try backUp(place)
    let partly = try place.kist("check", "--repair")
    #expect(partly.status == 20, "\(partly)")
    #expect(partly.errors.contains("held what snapshots need"), "\(partly)")
    let first = try place.kist("restore", "latest~1", "--target", place.path("first"))
    #expect(first.status == 3, "\(first)")
    // All turns up again, as it was: now everything can be let go.
    try place.call("rm", "-rf", place.path("source"))
    try place.call("cp", "-a", place.path("saved"), place.path("source"))
    try backUp(place)
    let mended = try place.kist("check", "--repair", "--json")
    #expect(mended.status == 0, "\(mended)")
    let old = try place.kist("restore", "latest~2", "--target", place.path("out"))
    #expect(old.status == 0, "\(old)")
    try place.requireEqual("source", "out")
  }

  @Test func `what was saved from a cut pack, and no record names, is named by the repair`() throws
  {
    let (place, pack) = try prepared()
    let bytes = try place.bytes(pack)
    try place.write(Array(bytes.dropLast(600)), to: pack)
    let gone = try #require(try place.files(below: "source").sorted().first)
    try place.call("cp", "-a", place.path("source"), place.path("saved"))
    try FileManager.default.removeItem(atPath: place.path(gone))
    #expect(try place.kist("check", "--read-data").status == 20)
    try backUp(place)
    let before = try place.kist("restore", "latest~1", "--target", place.path("before"))
    try #require(before.status == 0, "\(before)")
    let mended = try place.kist("check", "--read-data", "--repair")
    #expect(mended.status == 0, "\(mended)")
    let old = try place.kist("restore", "latest~1", "--target", place.path("old"))
    #expect(old.status == 0, "\(old)")
    try place.requireEqual("saved", "old")
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", place.path("mirror"))
    #expect(pushed.status == 0, "\(pushed)")
    #expect(try place.kist("check", "--read-data", "--repo", place.path("mirror")).status == 0)
  }

  @Test func `known damage is told by a check that reads less, until it is put in order`() throws {
    let (place, pack) = try prepared()
    try damage(place, pack, "flipped")
    #expect(try place.kist("check").status == 0)
    #expect(try place.kist("check", "--read-data").status == 20)
    for arguments in [["check"], ["check", "--without-key"]] {
      let known = try place.start(arguments).wait()
      #expect(known.status == 20, "\(known)")
      #expect(known.errors.contains("was found damaged before"), "\(known)")
      // Without a key nobody knows what stands in it.
      let isNamed = known.errors.contains("cannot be restored: pack")
      #expect(isNamed == (arguments.count == 1), "\(known)")
    }
    try backUp(place)
    #expect(try place.kist("check").status == 20)
    let mended = try place.kist("check", "--repair")
    #expect(mended.status == 0, "\(mended)")
    #expect(try place.kist("check").status == 0)
    #expect(try place.kist("check", "--read-data").status == 0)
  }

  @Test func `a mirror takes the record, one with the role append refuses it in words`() throws {
    let (place, pack) = try prepared()
    let mirror = place.path("mirror")
    try #require(
      try place.kist("mirror", "push", "--init", "--quiet", mirror).status == 0
    )
    try damage(place, pack, "flipped")
    #expect(try place.kist("check", "--read-data").status == 20)
    try backUp(place)
    try #require(try place.kist("check", "--read-data", "--repair").status == 0)
    let serve = "'\(Programs.kist)' serve --stdio --repo '\(mirror)' --role "
    let refused = try place.kist("mirror", "push", "--via", serve + "append")
    #expect(refused.status == 22, "\(refused)")
    #expect(refused.errors.contains("removes or condemns"), "\(refused)")
    let pushed = try place.kist("mirror", "push", "--via", serve + "mirror")
    #expect(pushed.status == 0, "\(pushed)")
    #expect(try place.kist("check", "--read-data", "--repo", mirror).status == 0)
    let back = try place.kist("mirror", "pull", mirror)
    #expect(back.status == 0, "\(back)")
    #expect(try place.kist("check", "--read-data").status == 0)
  }

  @Test
  func `it is refused without the password, in an older copy, and in a copy of chosen snapshots`()
    throws
  {
    let (place, pack) = try prepared()
    #expect(try place.kist("check", "--repair", "--without-key").status == 2)
    #expect(try place.kist("check", "--repair").status == 0)
    let chosen = place.path("chosen")
    try #require(
      try place.kist("mirror", "push", "--init", "--quiet", chosen, "latest").status == 0
    )
    try place.call("cp", "-a", place.repository, place.path("older"))
    try backUp(place)
    try place.call("rm", "-rf", place.repository)
    try place.call("mv", place.path("older"), place.repository)
    let older = try place.kist("check", "--repair")
    #expect(older.status == 23, "\(older)")
    let files = try place.files(below: "chosen/packs")
    let largest = try #require(files.max { try place.bytes($0).count < place.bytes($1).count })
    try place.call("chmod", "u+w", place.path(largest))
    try damage(place, largest, "flipped")
    let selecting = try place.kist("check", "--read-data", "--repair", "--repo", chosen)
    #expect(selecting.status == 20, "\(selecting)")
    _ = pack
  }
}
