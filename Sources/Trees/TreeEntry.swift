package import CoreTypes

/// One name in a directory, with everything that restores it.
///
/// Source: Formats/tree.md §1.
///
/// Zero, empty and `nil` mean that the key is left away. An entry that breaks a rule can be made;
/// `validate()` finds it, and decoding never yields one.
package struct TreeEntry: Equatable, Sendable {
  package var name: [UInt8]
  package var kind: EntryKind
  /// Permission, setuid, setgid and sticky bits; 0 for links.
  package var mode: UInt16 = 0
  package var uid: UInt32 = 0
  package var gid: UInt32 = 0
  package var modified = EntryTime.zero
  /// Bytes of a file; 0 for everything else.
  package var size: UInt64 = 0
  /// Sorted by name, at most 1,024 bytes together; longer ones stand in `attributesNode`.
  package var attributes: [EntryAttribute] = []
  package var attributesNode: ChunkID?
  /// A subset of `InodeFlags.restorable`; files and directories only.
  package var flags: UInt32 = 0
  package var linkTarget: [UInt8] = []
  package var device = DeviceNumber.zero
  package var content = FileContent.empty
  /// The page or pages of a directory: always there for one.
  package var directory: ChunkID?
  /// The hole map of a file.
  package var holes: ChunkID?
  /// The file changed while it was read; the content is what was seen.
  package var changedWhileRead = false
  /// What lies below a directory, without the directory itself.
  package var subtree = TreeTotals.zero

  package init(name: [UInt8], kind: EntryKind) {
    self.name = name
    self.kind = kind
  }

  /// What this entry adds to the totals of the directory that it is in.
  package var totals: TreeTotals {
    switch kind {
    case .file:
      TreeTotals(files: 1, bytes: size, entries: 1)
    case .directory:
      subtree.adding(TreeTotals(entries: 1))
    case .symbolicLink, .fifo, .characterDevice, .blockDevice, .socket:
      TreeTotals(entries: 1)
    }
  }

  /// The name as it stands in the entry of a snapshot's root.
  package static let rootName: [UInt8] = [UInt8(ascii: ".")]
}

/// Where an entry stands, which decides the names that it may have.
package enum EntryPlace: Sendable {
  /// In a directory: a name of its own.
  case directory
  /// A root of a snapshot: the name is `.`.
  case root
}
