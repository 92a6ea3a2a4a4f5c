/// Bounds of tree nodes and snapshots.
///
/// Source: Formats/README.md §3, Formats/tree.md.
package enum TreeLimits {
  /// Largest encoded node that a reader accepts, in bytes.
  package static let nodeByteCount = 16_777_216
  /// Longest name in a directory, and of an extended attribute, in bytes.
  package static let nameByteCount = 255
  /// Longest link target, in bytes.
  package static let linkTargetByteCount = 65_535
  /// Longest path in a snapshot, in bytes.
  package static let pathByteCount = 65_535
  /// Directories below one another.
  package static let depth = 4_096
  /// Pages of pages below one another; 64 elements a page make 2^64 with 11.
  package static let pageLevels = 16

  /// Largest content that stands in its entry, in bytes.
  package static let inlineByteCount = 128
  /// Most items that stand in an entry.
  package static let directItems = 64
  /// Longest chunk, in bytes.
  package static let chunkByteCount: UInt32 = 16_777_216
  /// Largest size of a file, and largest total.
  package static let total = UInt64(Int64.max)

  /// Names and values together that stand in an entry, in bytes.
  package static let inlineAttributesByteCount = 1_024
  /// Longest value of an extended attribute, in bytes.
  package static let attributeValueByteCount = 16_777_216
  /// Most extended attributes of an entry.
  package static let attributes = 65_536

  /// Fewest elements in a page that is not the last.
  package static let minimumPageElements = 64
  /// Most elements in a page.
  package static let maximumPageElements = 1_024
  /// Encoded elements of this many bytes end a page.
  package static let pageByteCount = 524_288

  /// Holes in a map, and the least length of one in bytes.
  package static let holes = 32_768
  package static let holeByteCount: UInt64 = 4_096

  /// Groups in a node of hard links, and members in a group.
  package static let linkGroups = 4_096
  package static let linkMembers = 1_024
}
