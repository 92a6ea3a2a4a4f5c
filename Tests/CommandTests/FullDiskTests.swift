import Foundation
import Testing

@Suite(
  "A full disk under other commands than backup",
  .serialized,
  .enabled(if: SmallMount.isPossible, "not root: a full disk under keys and tags is NOT tested")
)
struct FullDiskTests {
  private func expectFull(_ outcome: Outcome, _ words: String) {
    #expect(outcome.status == 21, "\(outcome)")
    #expect(outcome.errors.contains(words), "\(outcome)")
    #expect(!outcome.errors.contains("No snapshot was made"), "\(outcome)")
  }

  @Test func `a command that finds no room says what it did not do itself`() throws {
    let place = try Place()
    let mount = try SmallMount(place, "repository", kibibytes: 4096)
    defer { mount.end() }
    try place.initialize(key: .recovery)
    try place.fill("source", files: 10, bytes: 20_000, seed: 3)
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    let sizes = try place.files(below: "repository/packs").map { (try place.bytes($0).count, $0) }
    let pack = try #require(sizes.max { $0.0 < $1.0 }).1
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 3] ^= 4
    try place.call("chmod", "u+w", place.path(pack))
    try place.write(bytes, to: pack)
    #expect(try place.kist("check", "--read-data").status == 20)
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    try mount.fill(leaving: 0)
    let key = ["--recovery-key", "--password-file", place.path("recovery-key")]
    let slots = try place.files(below: "repository/slots")
    expectFull(try place.start(["key", "add", "--recovery"] + key).wait(), "No key was added")
    #expect(try place.files(below: "repository/slots") == slots)
    expectFull(try place.kist("tag", "add", "keep", "latest"), "Not all tags were changed")
    expectFull(
      try place.kist("check", "--read-data", "--repair"),
      "Not all was put in order"
    )
    let made = try place.kist("init", "-r", place.path("repository/new"))
    expectFull(made, "No repository was made")
    let exported = try place.start(["key", "export", "--to", place.path("repository/e")] + key)
    expectFull(try exported.wait(), "is not whole")
    try mount.empty()
    #expect(try place.start(["key", "add", "--recovery"] + key).wait().status == 0)
    #expect(try place.kist("tag", "add", "keep", "latest").status == 0)
    #expect(try place.kist("check", "--read-data", "--repair").status == 0)
  }

  @Test func `a mirror run without room for its caches says nothing of a snapshot`() throws {
    let place = try Place()
    try place.initialize()
    let mount = try SmallMount(place, "small", kibibytes: 512)
    defer { mount.end() }
    try mount.fill(leaving: 0)
    for changes in [
      ["KIST_CACHE_DIR": place.path("small/c")], ["KIST_STATE_DIR": place.path("small/s")],
    ] {
      let pushed = try place.kist("mirror", "push", "--init", place.path("copy"), changing: changes)
      #expect(!pushed.errors.contains("No snapshot was made"), "\(pushed)")
      #expect(pushed.status == (changes["KIST_CACHE_DIR"] == nil ? 0 : 21), "\(pushed)")
    }
  }
}
