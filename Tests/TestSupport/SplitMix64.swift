/// A small generator whose stream is fixed by its seed.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// `count` bytes, one from each number of the stream.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// As `bytes`, but eight from each number, for large content.
  ///
  /// What is left over at the end is zero.
  package mutating func words(_ count: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    unsafe result.withUnsafeMutableBytes { buffer in
      for offset in stride(from: 0, to: count - 7, by: 8) {
        unsafe buffer.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
      }
    }
    return result
  }
}
