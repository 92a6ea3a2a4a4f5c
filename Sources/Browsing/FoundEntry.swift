package import CoreTypes
package import Trees

/// What is told of an entry that was found.
package struct FoundEntry: Equatable, Sendable {
  package let kind: EntryKind
  package let mode: UInt16
  package let uid: UInt32
  package let gid: UInt32
  package let modified: EntryTime
  package let size: UInt64
  /// Empty if it is no link.
  package let linkTarget: [UInt8]

  package init(_ entry: TreeEntry) {
    kind = entry.kind
    mode = entry.mode
    uid = entry.uid
    gid = entry.gid
    modified = entry.modified
    size = entry.size
    linkTarget = entry.linkTarget
  }
}

/// What was found in a folder and below it: enough to tell of it again without reading the folder.
final class FoundFolder {
  struct Item {
    let name: [UInt8]
    /// Set if the name itself was found.
    let entry: FoundEntry?
    /// What made it so, where that is told.
    let reasons: [FoundChunk]
    /// Set if something below was found.
    let folder: FoundFolder?
  }

  /// In order of names.
  var items: [Item] = []
}

/// A chunk that was looked for, where it was met.
package struct FoundChunk: Equatable, Sendable {
  package let id: ChunkID
  /// What the chunk is of the entry.
  package let role: Role

  package enum Role: Equatable, Sendable {
    case content
    /// A node of the entry's folder, list of chunks, attributes or holes.
    case node
  }
}
