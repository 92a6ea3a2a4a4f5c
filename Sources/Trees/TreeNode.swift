package import CoreTypes

/// A node of a tree: what one chunk of kind *tree* holds.
///
/// Source: Formats/tree.md.
package enum TreeNode: Equatable, Sendable {
  case directoryPage(TreeTotals, [TreeEntry])
  case directoryIndex(TreeTotals, [DirectoryChild])
  /// Bytes of the content that the items stand for, and the items.
  case listPage(UInt64, [ChunkReference])
  case listIndex(UInt64, [ListChild])
  case holes([HoleExtent])
  case attributes([EntryAttribute])
  case hardLinks([[LinkMember]])

  /// The type that stands in key 1.
  package var kind: TreeNodeKind {
    switch self {
    case .directoryPage: .directoryPage
    case .directoryIndex: .directoryIndex
    case .listPage: .listPage
    case .listIndex: .listIndex
    case .holes: .holes
    case .attributes: .attributes
    case .hardLinks: .hardLinks
    }
  }
}

/// The types of nodes, with the numbers that stand for them.
package enum TreeNodeKind: UInt64, Sendable, CaseIterable {
  case directoryPage = 1
  case directoryIndex
  case listPage
  case listIndex
  case holes
  case attributes
  case hardLinks
}

/// A page below a directory of pages.
package struct DirectoryChild: Hashable, Sendable {
  /// The name of the first entry below it.
  package var firstName: [UInt8]
  package var id: ChunkID

  package init(firstName: [UInt8], id: ChunkID) {
    self.firstName = firstName
    self.id = id
  }
}

/// A page below a list of pages.
package struct ListChild: Hashable, Sendable {
  package var id: ChunkID
  /// Bytes of the content below it.
  package var bytes: UInt64

  package init(id: ChunkID, bytes: UInt64) {
    self.id = id
    self.bytes = bytes
  }
}
