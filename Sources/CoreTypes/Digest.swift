/// A 32-byte name: what BLAKE2b-256 makes of some bytes, or a random value of that width.
///
/// Held as four words, so that copying, comparing and hashing cost no allocation. The word order
/// keeps the order of the bytes: comparing two digests compares their bytes from the first on.
@frozen
package struct Digest: Hashable, Sendable, Comparable {
  // Big-endian words, so that word order is byte order.
  @usableFromInline let a: UInt64
  @usableFromInline let b: UInt64
  @usableFromInline let c: UInt64
  @usableFromInline let d: UInt64

  /// Width in bytes.
  package static let byteCount = 32

  @inlinable
  package init(words a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
  }

  /// A digest from exactly 32 bytes; `nil` for any other count.
  @inlinable
  package init?(_ bytes: some RandomAccessCollection<UInt8>) {
    guard bytes.count == Digest.byteCount else { return nil }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var position = 0
    for byte in bytes {
      switch position >> 3 {
      case 0: words.0 = words.0 << 8 | UInt64(byte)
      case 1: words.1 = words.1 << 8 | UInt64(byte)
      case 2: words.2 = words.2 << 8 | UInt64(byte)
      default: words.3 = words.3 << 8 | UInt64(byte)
      }
      position += 1
    }
    self.init(words: words.0, words.1, words.2, words.3)
  }

  /// The same of part of an array, which files are read from: a million of them a second and more.
  package init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count == Digest.byteCount else { return nil }
    let start = bytes.startIndex
    self.init(
      words: Digest.word(bytes, start),
      Digest.word(bytes, start + 8),
      Digest.word(bytes, start + 16),
      Digest.word(bytes, start + 24)
    )
  }

  private static func word(_ bytes: ArraySlice<UInt8>, _ start: Int) -> UInt64 {
    var word: UInt64 = 0
    for place in start..<start + 8 { word = word << 8 | UInt64(bytes[place]) }
    return word
  }

  /// The 32 bytes, in order.
  @inlinable
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Digest.byteCount)
    append(to: &result)
    return result
  }

  /// Appends the 32 bytes to `output`.
  @inlinable
  package func append(to output: inout [UInt8]) {
    for word in [a, b, c, d] {
      var shift: UInt64 = 64
      while shift > 0 {
        shift -= 8
        output.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
  }

  /// The first eight bytes as a number: uniform, because digests are.
  @inlinable
  package var prefix: UInt64 { a }

  @inlinable
  package static func < (left: Digest, right: Digest) -> Bool {
    if left.a != right.a { return left.a < right.a }
    if left.b != right.b { return left.b < right.b }
    if left.c != right.c { return left.c < right.c }
    return left.d < right.d
  }

  // A digest is already uniform: one word of it is as good as any hash of it. Ids that an attacker
  // may choose (object ids) are outputs of BLAKE2b, and the hasher is seeded per process.
  @inlinable
  package func hash(into hasher: inout Hasher) {
    hasher.combine(a)
  }
}

extension Digest: CustomStringConvertible {
  /// Sixty-four lower-case hexadecimal digits.
  package var description: String { Hexadecimal.text(of: bytes) }

  /// The first eight digits, enough to tell snapshots apart on a screen.
  package var short: String { String(description.prefix(8)) }

  /// A digest from its sixty-four hexadecimal digits.
  package init?(hexadecimal text: some StringProtocol) {
    guard text.utf8.count == 2 * Digest.byteCount, let bytes = Hexadecimal.bytes(of: text) else {
      return nil
    }
    self.init(bytes)
  }
}
