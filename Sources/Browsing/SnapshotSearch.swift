import CoreTypes
import Repositories
package import Trees

/// Searches snapshots one after the other; folders that they share are read once.
package struct SnapshotSearch {
  private enum Search {
    case names(SubtreeSearch<NameQuestion>)
    case chunks(SubtreeSearch<ChunkQuestion>)
    /// It is being used.
    case none
  }

  private let reader: TreeReader<BrowsingError>
  private var search: Search
  private let wanted: WantedChunks?

  /// Searches by name, kind and time.
  package init(names question: NameQuestion, reader: TreeReader<BrowsingError>) {
    self.reader = reader
    wanted = nil
    search = .names(SubtreeSearch(reader: reader, question: question))
  }

  /// Searches for what needs some of the chunks.
  package init(chunks wanted: WantedChunks, source: NodeSource) {
    reader = source.reader
    self.wanted = wanted
    search = .chunks(
      SubtreeSearch(reader: source.reader, question: ChunkQuestion(wanted, source: source))
    )
  }

  /// Calls `body` with everything that was found in a snapshot, in order of paths.
  ///
  /// Nodes that belong to the snapshot as a whole (its table of hard links) come with an empty path.
  package mutating func search(
    _ snapshot: Snapshot,
    _ body: (_ path: [UInt8], FoundEntry, [FoundChunk]) throws(BrowsingError) -> Void
  ) throws(BrowsingError) {
    if let wanted, wanted.scope != .content {
      let reasons = snapshot.hardLinks.filter { wanted.contains($0) }
        .map { FoundChunk(id: $0, role: .node) }
      if !reasons.isEmpty {
        try body([], FoundEntry(TreeEntry(name: [], kind: .directory)), reasons)
      }
    }
    for top in try reader.tops(of: snapshot, at: nil) {
      switch search {
      case .names(var names):
        // Given up while it is changed, so that it is not copied.
        search = .none
        defer { search = .names(names) }
        try names.search(top, body)
      case .chunks(var chunks):
        search = .none
        defer { search = .chunks(chunks) }
        try chunks.search(top, body)
      case .none: return
      }
    }
  }
}
