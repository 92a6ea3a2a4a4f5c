import TestSupport
import Foundation
import Testing

/// What is readable in a damaged pack is read, and what was away is there again when it is back.
@Suite("Rescue from damaged packs")
struct PackRescueTests {
  private func prepared() throws -> (place: Place, pack: String) {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 40, bytes: 90_000, seed: 51)
    let first = try place.kist("backup", "--quiet", place.path("source"))
    try #require(first.status == 0, "\(first)")
    let packs = try place.files(below: "repository/packs")
    let pack = try #require(packs.max { try place.bytes($0).count < place.bytes($1).count })
    try place.call("chmod", "u+w", place.path(pack))
    return (place, pack)
  }

  private func forgetCache(_ place: Place) throws {
    try FileManager.default.removeItem(atPath: place.cache)
  }

  @Test func `a pack whose list of objects is damaged is restored whole on a new machine`() throws {
    let (place, pack) = try prepared()
    var bytes = try place.bytes(pack)
    bytes[bytes.count - 100] ^= 1
    try place.write(bytes, to: pack)
    try forgetCache(place)
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
    for key in [[], ["--without-key"]] {
      let checked = try place.start(["check", "--read-data"] + key).wait()
      #expect(checked.status == 20, "\(checked)")
      #expect(checked.errors.contains("its list of objects is damaged"), "\(checked)")
      #expect(!checked.errors.contains("cannot be restored"), "\(checked)")
    }
    // The damaged pack is no reason to lose a mirror.
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", place.path("mirror"))
    #expect(pushed.status == 0, "\(pushed)")
    let copy = try place.kist("check", "--read-data", "--repo", place.path("mirror"))
    #expect(copy.status == 0, "\(copy)")
  }

  @Test(arguments: ["warm", "cold"])
  func
    `of a pack that was cut, what stands before the cut is restored, and a backup brings the rest`(
      _ cache: String
    ) throws
  {
    let (place, pack) = try prepared()
    let bytes = try place.bytes(pack)
    try place.write(Array(bytes.prefix(bytes.count / 2)), to: pack)
    if cache == "cold" { try forgetCache(place) }
    let checked = try place.kist("check")
    #expect(checked.status == 20, "\(checked)")
    let broken = try place.kist("restore", "latest", "--target", place.path("broken"))
    #expect(broken.status != 0, "\(broken)")
    let again = try place.kist("backup", "--quiet", place.path("source"))
    #expect(again.status == 0, "\(again)")
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
  }

  @Test func `a cache made while a head was damaged knows the object when the head is sound again`()
    throws
  {
    let (place, pack) = try prepared()
    let bytes = try place.bytes(pack)
    var told = 0
    for distance in [300, 420, 560, 700, 900] {
      var damaged = bytes
      damaged[bytes.count - distance] ^= 1
      try place.write(damaged, to: pack)
      try forgetCache(place)
      let seen = try place.kist("ls", "latest")
      if !seen.errors.isEmpty { told += 1 }
      try place.write(bytes, to: pack)
      let checked = try place.kist("check")
      #expect(checked.status == 0, "\(distance): \(checked)")
    }
    #expect(told > 0, "no head was met")
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
  }

  @Test func `a restore that meets damage has the next backup store it anew`() throws {
    let (place, pack) = try prepared()
    let bytes = try place.bytes(pack)
    try place.write(Array(bytes.prefix(bytes.count / 2)), to: pack)
    let broken = try place.kist("restore", "latest", "--target", place.path("broken"))
    #expect(broken.status != 0, "\(broken)")
    let again = try place.kist("backup", "--quiet", place.path("source"))
    #expect(again.status == 0, "\(again)")
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
  }

  @Test func `check names the files that a cut pack takes away, with the cache and without`() throws
  {
    let (place, pack) = try prepared()
    let bytes = try place.bytes(pack)
    try place.write(Array(bytes.prefix(bytes.count / 2)), to: pack)
    // Which objects stand behind the cut is chance: a file's, or those of its folders.
    let lost = place.path("source")
    let warm = try place.kist("check")
    #expect(warm.status == 20, "\(warm)")
    #expect(warm.errors.contains(lost), "\(warm)")
    try forgetCache(place)
    let cold = try place.kist("check")
    #expect(cold.status == 20, "\(cold)")
    #expect(cold.errors.contains(lost), "\(cold)")
  }

  @Test(arguments: ["", "--without-key"])
  func `what was said of a pack whose list is damaged is said again, and nothing more`(
    _ key: String
  ) throws {
    let (place, pack) = try prepared()
    let check = ["check", "--json"] + (key.isEmpty ? [] : [key])
    var bytes = try place.bytes(pack)
    bytes[bytes.count - 100] ^= 1
    try place.write(bytes, to: pack)
    let first = try place.start(check).wait()
    #expect(first.status == 20, "\(first)")
    #expect(first.errors.contains("its list of objects is damaged"), "\(first)")
    let second = try place.start(check).wait()
    #expect(second.errors == first.errors, "\(second)")
  }

  @Test(arguments: ["", "--without-key"])
  func `a pack that was away and is back is no damage`(_ key: String) throws {
    let (place, pack) = try prepared()
    let check = ["check"] + (key.isEmpty ? [] : [key])
    try place.call("mv", place.path(pack), place.path("away"))
    let lost = try place.start(check).wait()
    #expect(lost.status == 20, "\(lost)")
    try place.call("mv", place.path("away"), place.path(pack))
    let found = try place.start(check).wait()
    #expect(found.status == 0, "\(found)")
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", place.path("mirror"))
    #expect(pushed.status == 0, "\(pushed)")
  }
}
