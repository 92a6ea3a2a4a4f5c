import Testing

@Suite(
  "A full disk under the caches",
  .serialized,
  .enabled(if: SmallMount.isPossible, "not root: a full disk under the caches is NOT tested")
)
struct FullCacheTests {
  private func expectNoSpace(_ outcome: Outcome, _ comment: Comment) {
    #expect(outcome.status == 21, "\(comment): \(outcome)")
    #expect(outcome.errors.contains("no space left for the cache at "), "\(comment): \(outcome)")
    #expect(outcome.errors.contains("The repository itself is unharmed."), "\(outcome)")
    #expect(outcome.errors.contains("--cache-dir"), "\(outcome)")
  }

  @Test func `a full disk under the caches is 21, and harms no repository`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 10, bytes: 2000, seed: 71)
    #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    let before = try place.snapshotIDs()
    // Each size fills up in another call: making a folder, mapping a file, the first pages, a commit.
    for size in [4, 12, 20, 24, 28, 32, 40, 64, 100] {
      let mount = try SmallMount(place, "small", kibibytes: size)
      defer { mount.end() }
      let outcome = try place.kist("snapshots", "--cache-dir", place.path("small"))
      expectNoSpace(outcome, "\(size) KiB")
    }
    let mount = try SmallMount(place, "small", kibibytes: 20_000)
    defer { mount.end() }
    let small = ["KIST_CACHE_DIR": place.path("small")]
    #expect(try place.kist("snapshots", changing: small).status == 0)
    try mount.fill(leaving: 16)
    #expect(try place.kist("ls", changing: small).status == 0, "what is there is enough to look")
    // Enough rows that there is no room for them.
    try place.fill("many", files: 1500, bytes: 20, seed: 72)
    let full = try place.kist("backup", place.path("many"), changing: small)
    expectNoSpace(full, "in the middle of a backup")
    #expect(try place.snapshotIDs() == before)
    try place.requireClean("--read-data")
    try mount.empty()
    let done = try place.kist("backup", place.path("many"), changing: small)
    #expect(done.status == 0, "with room again: \(done)")
    try place.requireClean("--read-data")
    let out = place.path("out")
    #expect(try place.kist("restore", "latest", "--target", out, changing: small).status == 0)
    try place.requireEqual("many", "out")
  }
}
