/// Sizes that say little about what is inside.
///
/// Source: Formats/README.md §1.
package enum Padding {
  /// The smallest Padmé size that holds `count` bytes, and at least `floor`.
  package static func padmé(_ count: Int, floor: Int) -> Int {
    let length = max(count, floor)
    guard length > 1 else { return length }
    let exponent = Int.bitWidth - 1 - length.leadingZeroBitCount
    let significant = Int.bitWidth - exponent.leadingZeroBitCount
    let low = exponent - significant
    guard low > 0 else { return length }
    let mask = (1 << low) - 1
    return (length + mask) & ~mask
  }

  /// The smallest power of two that holds `count` bytes, and at least `floor`.
  package static func powerOfTwo(_ count: Int, floor: Int) -> Int {
    var size = floor
    while size < count { size <<= 1 }
    return size
  }
}
