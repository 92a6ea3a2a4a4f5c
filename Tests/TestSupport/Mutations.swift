/// Sound bytes, changed as damage and ill will change them.
package struct Mutations {
  /// Fixed by its seed; tests take their own random numbers from it too.
  package var random: SplitMix64
  private let originals: [[UInt8]]
  /// Bytes from the start that are changed; those behind them seldom matter.
  private let reach: Int

  package init(of originals: [[UInt8]], seed: UInt64, reach: Int = .max) {
    self.originals = originals
    self.reach = reach
    random = SplitMix64(seed: seed)
  }

  /// One of the originals with one to four changes; now and then plain noise.
  package mutating func next() -> [UInt8] {
    if below(32) == 0 { return random.bytes(below(80)) }
    var bytes = originals[below(originals.count)]
    for _ in 0...below(4) { change(&bytes) }
    return bytes
  }

  /// A number below `limit`; zero if there is none.
  package mutating func below(_ limit: Int) -> Int {
    limit > 0 ? Int(truncatingIfNeeded: random.next() >> 1) % limit : 0
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes = random.bytes(4) }
    let end = min(bytes.count, reach)
    let place = below(end)
    switch below(12) {
    case 0, 1, 2: bytes[place] ^= 1 << UInt8(below(8))
    case 3: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 4: bytes[place] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][below(6)]
    case 5:
      // A length or a count becomes an extreme one.
      let extreme: UInt8 = below(2) == 0 ? 0xFF : 0
      for index in place..<min(place + 1 << below(4), bytes.count) { bytes[index] = extreme }
    case 6: bytes.remove(at: place)
    case 7: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    case 8: bytes.removeSubrange(place..<min(place + 1 + below(40), bytes.count))
    case 9:
      bytes.insert(contentsOf: bytes[place..<min(place + 1 + below(40), bytes.count)], at: place)
    case 10: bytes.removeSubrange(place...)
    default:
      // A part of another original, or of another place.
      let other = originals[below(originals.count)]
      let start = below(other.count)
      let part = other[start..<min(start + 1 + below(40), other.count)]
      bytes.replaceSubrange(place..<min(place + part.count, bytes.count), with: part)
    }
  }
}
