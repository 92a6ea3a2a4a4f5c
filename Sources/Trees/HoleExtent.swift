/// A piece of a file that takes no space and reads as zeros.
///
/// Source: Formats/tree.md §6.
package struct HoleExtent: Hashable, Sendable {
  /// First byte of the hole.
  package var offset: UInt64
  /// At least 4,096 bytes.
  package var length: UInt64

  package init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }
}
