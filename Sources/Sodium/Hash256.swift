/// Thirty-two bytes of hash as four big-endian words, so that passing it costs no allocation.
package struct Hash256: Hashable, Sendable {
  /// Bytes 0 to 7.
  package let a: UInt64
  /// Bytes 8 to 15.
  package let b: UInt64
  /// Bytes 16 to 23.
  package let c: UInt64
  /// Bytes 24 to 31.
  package let d: UInt64

  /// The hash that `fill` writes to 32 bytes, which are zero before.
  init(fill: (UnsafeMutablePointer<UInt8>) -> Void) {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    unsafe withUnsafeMutableBytes(of: &words) { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe fill(base.assumingMemoryBound(to: UInt8.self))
    }
    a = UInt64(bigEndian: words.0)
    b = UInt64(bigEndian: words.1)
    c = UInt64(bigEndian: words.2)
    d = UInt64(bigEndian: words.3)
  }

  /// Four words as they lie in memory.
  init(words: ArraySlice<UInt64>) {
    precondition(words.count == 4)
    let first = words.startIndex
    a = UInt64(bigEndian: words[first])
    b = UInt64(bigEndian: words[first + 1])
    c = UInt64(bigEndian: words[first + 2])
    d = UInt64(bigEndian: words[first + 3])
  }

  /// The 32 bytes, in order.
  package var bytes: [UInt8] {
    let words = (a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian)
    return unsafe withUnsafeBytes(of: words) { unsafe Array($0) }
  }
}
