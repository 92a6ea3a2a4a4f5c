package import CoreTypes
package import Encoding

/// What is wrong with a tree node, a list or a snapshot.
///
/// Source: Formats/tree.md §7.
package enum TreeError: Error, Equatable, Sendable {
  /// Not the CBOR that the format asks for.
  case malformed(CBORError)
  /// A node of more bytes than a reader accepts.
  case nodeTooLarge(bytes: Int)
  /// A node of no known type, or of another type than its place asks for.
  case unknownNode(type: UInt64)
  case unexpectedNode(TreeNodeKind)
  /// A map without a key that it must have, or with one that it must not have.
  case missingKey(UInt64)
  case unknownKey(UInt64)
  case misplacedKey(UInt64, EntryKind)
  /// A zero or an empty value, which is said by leaving the key away.
  case needlessKey(UInt64)
  /// A number outside the range that its key allows.
  case outOfRange(key: UInt64, value: UInt64)

  /// Empty, too long, `.`, `..`, or with `/` or NUL.
  case illegalName([UInt8])
  case illegalPath([UInt8])
  case illegalLinkTarget(bytes: Int)
  case illegalAttribute(name: [UInt8])
  /// An element that does not come after the one before it.
  case unsorted(previous: [UInt8], next: [UInt8])
  case unknownKind(UInt64)
  /// Nanoseconds of a billion or more.
  case illegalTime(nanoseconds: UInt64)
  /// Attributes that should stand in the entry stand apart, or the reverse.
  case misplacedAttributes(bytes: Int)

  /// Not exactly one content, or one of a form that its size does not allow.
  case illegalContent
  /// A length of 0 or more than a chunk holds, or a repeat of 0.
  case illegalItem(ChunkID, length: UInt64, repeats: UInt64)
  /// Equal neighbours that are not one item.
  case unmergedItems(ChunkID)
  /// Holes that are too short, touch, or go beyond the end.
  case illegalHole(HoleExtent)
  /// A group of hard links with too few members, or members out of order.
  case illegalGroup

  /// More elements than a node may have, or none where one must be.
  case elementCount(Int)
  /// Sizes that do not add up to what was promised.
  case wrongSize(promised: UInt64, found: UInt64)
  case wrongTotals(promised: TreeTotals, found: TreeTotals)
  /// A page that does not begin with the name that its parent gives.
  case wrongFirstName(promised: [UInt8], found: [UInt8])
  /// Sums beyond 2^63 - 1.
  case overflow
  /// Directories or pages below one another beyond the limit.
  case tooDeep
  /// A snapshot of a version that is not known.
  case unsupportedVersion(UInt64)
}
