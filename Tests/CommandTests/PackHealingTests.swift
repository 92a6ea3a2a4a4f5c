import TestSupport
import Testing

/// A pack with one object is the same pack when it is made anew: it must be mended where it stands.
@Suite("Healing of small packs")
struct PackHealingTests {
  /// What becomes of a pack's bytes.
  enum Damage: String, CaseIterable, CustomTestStringConvertible {
    case header, stub, body, head, trailer, cut, grown, empty, gone

    var testDescription: String { rawValue }

    func done(to bytes: [UInt8]) -> [UInt8]? {
      var bytes = bytes
      switch self {
      case .header: bytes[3] ^= 1
      case .stub: bytes[30] ^= 1
      case .body: bytes[bytes.count / 2] ^= 1
      // The trailer of one object is 72 bytes, and the head stands before it.
      case .head: bytes[bytes.count - 72 - 20] ^= 1
      case .trailer: bytes[bytes.count - 40] ^= 1
      case .cut: bytes.removeLast(bytes.count / 2)
      case .grown: bytes += [0, 1, 2]
      case .empty: bytes = []
      case .gone: return nil
      }
      return bytes
    }
  }

  @Test func `whatever was done to the only object of a pack, it is there and sound after healing`()
    throws
  {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 3, bytes: 60_000, seed: 41)
    let first = try place.kist("backup", "--quiet", place.path("source"))
    try #require(first.status == 0, "\(first)")
    let before = Set(try place.files(below: "repository/packs"))
    // Only the folder's node is new.
    let file = try #require(try place.files(below: "source").first)
    try place.call("chmod", "640", place.path(file))
    let second = try place.kist("backup", "--quiet", place.path("source"))
    try #require(second.status == 0, "\(second)")
    let mirror = place.path("mirror")
    let pushed = try place.kist("mirror", "push", "--init", "--quiet", mirror)
    try #require(pushed.status == 0, "\(pushed)")
    let pack = try #require(
      Set(try place.files(below: "repository/packs")).subtracting(before).first
    )
    let whole = try place.bytes(pack)
    try #require(whole.count < 16_384, "one object, not \(whole.count) bytes")
    for (index, damage) in Damage.allCases.enumerated() {
      if let bytes = damage.done(to: try place.bytes(pack)) {
        try place.call("chmod", "u+w", place.path(pack))
        try place.write(bytes, to: pack)
      } else {
        try place.call("rm", place.path(pack))
      }
      let key = index.isMultiple(of: 2) ? ["--without-key"] : []
      let healed = try place.start(["check", "--read-data", "--repair-from", mirror] + key).wait()
      #expect(healed.status == 0, "\(damage): \(healed)")
      try place.requireClean("--read-data")
      #expect(try place.bytes(pack) == whole, "\(damage)")
    }
    let restored = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
  }
}
