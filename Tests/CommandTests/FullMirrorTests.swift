import Testing

@Suite(
  "A full disk under a mirror",
  .serialized,
  .enabled(if: SmallMount.isPossible, "not root: a full disk under a mirror is NOT tested")
)
struct FullMirrorTests {
  private let place: Place
  /// More than two mebibytes, in objects of which several fit.
  private static let fileCount = 20

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: Self.fileCount, bytes: 150_000, seed: 81)
    let saved = try place.kist("backup", "-q", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
  }

  /// How a copy comes to be on the small disk.
  enum Way: String, CaseIterable, Sendable {
    case pushToFolder, pushOverLine, pull
  }

  /// The command, and the place that its words must name.
  private func command(_ way: Way) -> (arguments: [String], named: String) {
    let copy = place.path("small/copy")
    let serve = "'\(Programs.kist)' serve --stdio --repo '\(copy)'"
    return switch way {
    case .pushToFolder: (["mirror", "push", "--init", "-q", copy], copy)
    case .pushOverLine: (["mirror", "push", "--init", "-q", "--via", serve], serve)
    case .pull: (["mirror", "pull", "--init", "-q", "-r", copy, place.repository], copy)
    }
  }

  @Test(arguments: Way.allCases)
  func `a disk that fills up is 21, the place is named, and the next run goes on`(
    way: Way
  ) throws {
    let mount = try SmallMount(place, "small", kibibytes: 2048)
    defer { mount.end() }
    let (arguments, named) = command(way)
    for round in ["first", "second"] {
      let full = try place.start(arguments).wait()
      #expect(full.status == 21, "\(round): \(full)")
      #expect(full.errors.contains("no space left for the repository at "), "\(full)")
      #expect(full.errors.contains(named), "\(full)")
      #expect(full.errors.contains("Nothing is lost, there or here."), "\(full)")
      #expect(full.errors.contains("Make room there, then run the same command again"), "\(full)")
      #expect(!full.errors.contains("snapshot"), "no snapshot was being made: \(full)")
      try place.requireClean("--without-key", "-r", place.path("small/copy"))
    }
    try mount.grow(toMebibytes: 64)
    let done = try place.start(arguments).wait()
    #expect(done.status == 0, "with room again: \(done)")
    try place.requireClean("--read-data", "-r", place.path("small/copy"))
    #expect(try place.files(below: "small/copy/tmp").isEmpty)
    let out = ["restore", "latest", "--target", place.path("out")]
    let restored = try place.start(out + ["-r", place.path("small/copy")]).wait()
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
  }

  @Test func `a full disk at the other end of a look or of a session is 21 too`() throws {
    // Too small for anything: the end that serves cannot even begin.
    let mount = try SmallMount(place, "small", kibibytes: 8)
    defer { mount.end() }
    let caches = "KIST_CACHE_DIR='\(place.path("small/cache"))'"
    let serve = "\(caches) '\(Programs.kist)' serve --stdio --repo '\(place.repository)'"
    let pulled = try place.kist(
      "mirror",
      "pull",
      "--init",
      "-r",
      place.path("copy"),
      "--via",
      serve
    )
    #expect(pulled.status == 21, "\(pulled)")
    #expect(pulled.errors.contains("no space left"), "\(pulled)")
  }
}
