/// A 16-byte random name: of a key, of a slot, of a store.
@frozen
package struct ShortIdentity: Hashable, Sendable, Comparable, CustomStringConvertible {
  @usableFromInline let high: UInt64
  @usableFromInline let low: UInt64

  /// Width in bytes.
  package static let byteCount = 16

  /// A name from exactly 16 bytes; `nil` for any other count.
  package init?(_ bytes: some RandomAccessCollection<UInt8>) {
    guard bytes.count == ShortIdentity.byteCount else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    var position = 0
    for byte in bytes {
      if position < 8 {
        words.0 = words.0 << 8 | UInt64(byte)
      } else {
        words.1 = words.1 << 8 | UInt64(byte)
      }
      position += 1
    }
    high = words.0
    low = words.1
  }

  /// The 16 bytes, in order.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
    }
  }

  package static func < (left: ShortIdentity, right: ShortIdentity) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  package var description: String { Hexadecimal.text(of: bytes) }
}

/// Name of a data key or an id key.
///
/// Source: Formats/keys.md §4.
package typealias KeyID = ShortIdentity

/// Name of one physical copy of a repository.
///
/// Source: Formats/store.md §2.
package typealias StoreID = ShortIdentity
