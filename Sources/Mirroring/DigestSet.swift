package import CoreTypes
import Sodium

/// The first 0 to 15 hexadecimal digits of a name.
package struct NamePrefix: Hashable, Sendable {
  /// Digits.
  package let digitCount: Int
  /// The digits from the top bit down; zero behind them.
  package let bits: UInt64

  /// The prefix of every name.
  package static let all = NamePrefix(digitCount: 0, bits: 0)

  /// At most 15 digits; bits behind them are dropped.
  package init(digitCount: Int, bits: UInt64) {
    let count = min(max(digitCount, 0), 15)
    self.digitCount = count
    self.bits = count == 0 ? 0 : bits & (UInt64.max << UInt64(64 - 4 * count))
  }

  /// This prefix and one digit more.
  package func child(_ digit: Int) -> NamePrefix {
    let shift = UInt64(max(0, 60 - 4 * digitCount))
    return NamePrefix(
      digitCount: digitCount + 1,
      bits: bits | (UInt64(truncatingIfNeeded: digit & 15) << shift)
    )
  }

  /// The largest first word that a name with this prefix has.
  var lastBits: UInt64 {
    digitCount == 0 ? .max : bits | ~(UInt64.max << UInt64(64 - 4 * digitCount))
  }
}

/// Names in ascending order, and digests over those that share a prefix.
///
/// 32 bytes of memory a name. Source: Formats/mirror-protocol.md §5.
package struct DigestSet: Sendable {
  /// Bytes of a digest over names.
  static let digestByteCount = 16

  /// Ascending and distinct.
  package let names: ContiguousArray<Digest>

  /// A set of names in any order.
  package init(_ names: some Sequence<Digest>) {
    var sorted = ContiguousArray(names)
    sorted.sort()
    var kept = 0
    for index in sorted.indices where index == 0 || sorted[index] != sorted[kept - 1] {
      sorted[kept] = sorted[index]
      kept += 1
    }
    sorted.removeLast(sorted.count - kept)
    self.names = sorted
  }

  /// A set of names that ascend and are distinct already.
  package init(ascending names: ContiguousArray<Digest>) { self.names = names }

  /// Number of names.
  package var count: Int { names.count }

  /// True if the set has the name.
  package func contains(_ name: Digest) -> Bool {
    let place = firstPlace { $0 < name }
    return place < names.count && names[place] == name
  }

  /// The names that begin with a prefix.
  package func names(with prefix: NamePrefix) -> ArraySlice<Digest> {
    let start = firstPlace { $0.prefix < prefix.bits }
    let end = firstPlace { $0.prefix <= prefix.lastBits }
    return names[start..<max(start, end)]
  }

  /// The digest of all names.
  package var digest: [UInt8] { DigestSet.digest(of: names[...]) }

  /// The first 16 bytes of BLAKE2b-256 over the names; zeros if there are none.
  static func digest(of names: ArraySlice<Digest>) -> [UInt8] {
    guard !names.isEmpty else { return [UInt8](repeating: 0, count: digestByteCount) }
    var stream = Blake2bStream()
    var buffer: [UInt8] = []
    buffer.reserveCapacity(1024 * Digest.byteCount)
    for name in names {
      name.append(to: &buffer)
      if buffer.count >= 1024 * Digest.byteCount {
        stream.update(buffer.span)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    stream.update(buffer.span)
    return Array(stream.finish().bytes.prefix(digestByteCount))
  }

  /// The first place whose name does not pass; those that pass come first.
  private func firstPlace(where passes: (Digest) -> Bool) -> Int {
    var low = 0
    var high = names.count
    while low < high {
      let middle = low + (high - low) / 2
      if passes(names[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
