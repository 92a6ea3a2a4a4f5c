/// One name of a file that has several.
///
/// Source: Formats/snapshot.md §4.
package struct LinkMember: Hashable, Comparable, Sendable {
  /// Place of the root in the snapshot's list.
  package var root: UInt32
  /// Names below the root joined by `/`; empty for the root itself.
  package var path: [UInt8]

  package init(root: UInt32, path: [UInt8]) {
    self.root = root
    self.path = path
  }

  package static func < (left: LinkMember, right: LinkMember) -> Bool {
    left.root == right.root
      ? left.path.lexicographicallyPrecedes(right.path) : left.root < right.root
  }
}
