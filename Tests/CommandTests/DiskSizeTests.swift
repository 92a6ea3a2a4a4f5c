import Foundation
import TestSupport
import Testing

@Suite(
  "Disks that become full, size by size",
  .serialized,
  .enabled(if: SmallMount.isPossible, "not root: full disks of each size are NOT tested")
)
struct DiskSizeTests {
  /// Sizes that are tried; KIST_TEST_DISKS=n makes it n.
  private static let count = Cases.planned(64, variable: "KIST_TEST_DISKS")

  @Test func `wherever it becomes full it is 21, and with room again everything is whole`() throws {
    let place = try Place()
    try place.fill("source", files: 50, bytes: 9000, seed: 301)
    let source = place.path("source")
    // What is new takes half a mebibyte; the smallest disk holds little more than an empty repository.
    let sizes = (0..<Self.count).map { 48 + 4 * ($0 * 160 / Self.count) }
    var full = 0
    for (number, size) in sizes.enumerated() {
      let mount = try SmallMount(place, "repository", kibibytes: size)
      defer { mount.end() }
      try place.initialize(key: .recovery)
      // Each is another disk, of which this machine knows nothing.
      let own = [
        "KIST_CACHE_DIR": place.path("cache-\(number)"),
        "KIST_STATE_DIR": place.path("state-\(number)"),
      ]
      let outcome = try place.kist("backup", "-q", source, changing: own)
      #expect([0, 21].contains(outcome.status), "\(size) KiB: \(outcome)")
      if outcome.status == 21 {
        full += 1
        #expect(outcome.errors.contains("no space"), "\(size) KiB: \(outcome)")
        #expect(outcome.errors.contains("earlier snapshots are as they were"), "\(outcome)")
      }
      // Where there is no room at all, looking and checking work.
      let listed = try place.kist("snapshots", "--json", changing: own)
      #expect(listed.status == 0, "\(size) KiB: \(listed)")
      let expected = outcome.status == 0 ? 1 : 0
      #expect(try JSON.array(listed.output).count == expected, "\(size) KiB: \(listed)")
      try mount.grow(toMebibytes: 8)
      let next = try place.kist("backup", "-q", source, changing: own)
      #expect(next.status == 0, "\(size) KiB, with room again: \(next)")
      let checked = try place.kist("check", "--read-data", changing: own)
      #expect(checked.status == 0, "\(size) KiB, with room again: \(checked)")
      #expect(try place.files(below: "repository/tmp").isEmpty, "\(size) KiB")
      try place.call("rm", "-rf", place.path("cache-\(number)"))
    }
    #expect(full > sizes.count / 4 && full < sizes.count, "\(full) of \(sizes.count) were full")
    Cases.tell(.disks, sizes.count, "sizes of a disk, \(full) of them full")
  }
}
