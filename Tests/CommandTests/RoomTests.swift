import TestSupport
import Foundation
import Testing

@Suite(
  "Too little room",
  .enabled(if: SmallMount.isPossible, "not root: full disks are NOT tested")
)
struct RoomTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize()
  }

  private func backup() throws {
    let saved = try place.kist("backup", "-q", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
  }

  @Test func `a restore that cannot fit is refused before anything is written`() throws {
    try place.fill("source", files: 40, bytes: 100_000, seed: 3)
    try backup()
    let mount = try SmallMount(place, "small", kibibytes: 2048)
    defer { mount.end() }
    // A target that is not there yet is on the disk of the folder above it.
    for target in ["small", "small/new/deep"] {
      let refused = try place.kist("restore", "latest", "--target", place.path(target))
      #expect(refused.status == 21, "\(refused)")
      #expect(refused.errors.contains("\(target) has not enough room: at least 3.81 MiB are"))
      #expect(refused.errors.contains("2.00 MiB are free"), "\(refused)")
      #expect(refused.errors.contains("Nothing was restored"), "\(refused)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("small")).isEmpty)
    }
    let foreseen = try place.kist("restore", "latest", "-n", "--target", place.path("small"))
    #expect(foreseen.status == 0, "\(foreseen)")
    #expect(foreseen.errors.hasPrefix("warning: there may be too little room: "), "\(foreseen)")
    let told = try place.kist("restore", "latest", "-n", "--json", "-t", place.path("small"))
    let line = try #require(try JSON.lines(told.errors).first)
    #expect(try JSON.text(line, "message_type") == "warning")
    #expect(try JSON.number(line, "needed_bytes") == 4_000_000)
    // A part of it has room.
    let part = try place.kist(
      "restore",
      "latest",
      "--target",
      place.path("small"),
      "--include",
      "file-1*"
    )
    #expect(part.status == 0, "\(part)")
    #expect(try place.files(below: "small").count == 11)
  }

  @Test func `holes, further names and what is there already need no room`() throws {
    try place.fill("source", files: 20, bytes: 100_000, seed: 4)
    try place.call("truncate", "-s", "64M", place.path("source/sparse"))
    for number in 0..<30 {
      try place.call(
        "ln",
        place.path("source/part-0/file-1"),
        place.path("source/name-\(number)")
      )
    }
    try backup()
    let mount = try SmallMount(place, "small", kibibytes: 3072)
    defer { mount.end() }
    for _ in 0..<2 {
      let restored = try place.kist("restore", "latest", "--target", place.path("small"))
      #expect(restored.status == 0 && restored.errors.isEmpty, "\(restored)")
    }
    try place.requireEqual("source", "small")
  }

  @Test func `what a file that shrinks gives back is room`() throws {
    var random = SplitMix64(seed: 17)
    try place.write([1], to: "source/big")
    try place.write(random.bytes(3_000_000), to: "source/new")
    try backup()
    let mount = try SmallMount(place, "small", kibibytes: 4096)
    defer { mount.end() }
    try place.write(random.bytes(3_000_000), to: "small/out/big")
    let first = try place.kist("restore", "latest", "--target", place.path("small/out"))
    #expect(!first.errors.contains("not enough room"), "\(first)")
    let again = try place.kist("restore", "latest", "--target", place.path("small/out"))
    #expect(again.status == 0, "\(again)")
    try place.requireEqual("source", "small/out")
  }

  @Test func `too few inodes are told as such`() throws {
    for number in 0..<60 { try place.write([], to: "source/empty-\(number)") }
    try backup()
    let mount = try SmallMount(place, "small", kibibytes: 2048)
    defer { mount.end() }
    try place.call("mount", "-o", "remount,nr_inodes=30", place.path("small"))
    let refused = try place.kist("restore", "latest", "--target", place.path("small"))
    #expect(refused.status == 21, "\(refused)")
    #expect(refused.errors.contains("60 entries are to be made"), "\(refused)")
    #expect(refused.errors.contains("inodes for 29"), "\(refused)")
    #expect(try place.files(below: "small").isEmpty)
  }

  @Test func `a backup to a full disk says how much is free, and where`() throws {
    let mount = try SmallMount(place, "disk", kibibytes: 3072)
    defer { mount.end() }
    let disk = ["KIST_REPOSITORY": place.path("disk/repository")]
    try #require(try place.kist("init", "-q", changing: disk).status == 0)
    try place.fill("source", files: 80, bytes: 100_000, seed: 5)
    let full = try place.kist("backup", place.path("source"), changing: disk)
    #expect(full.status == 21, "\(full)")
    #expect(full.errors.contains("disk/repository: "), "\(full)")
    #expect(full.errors.contains(" are free there\n"), "\(full)")
  }
}
