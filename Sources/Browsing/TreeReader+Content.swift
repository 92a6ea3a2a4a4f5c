import Trees

extension TreeReader<BrowsingError> {
  /// Calls `body` with each chunk of a file's content, in order; with none if the content is empty or stands in the entry.
  func forEachChunk(
    of entry: TreeEntry,
    _ body: (ChunkReference) throws(BrowsingError) -> Void
  ) throws(BrowsingError) {
    var items = items(of: entry)
    while true {
      let item: ChunkReference?
      do {
        item = try items.next()
      } catch {
        throw error.browsingError
      }
      guard let item else { return }
      try body(item)
    }
  }

  /// Loads what stands in nodes of its own beside an entry: whoever watches the source is told of them.
  func loadNodes(beside entry: TreeEntry) throws(BrowsingError) {
    try reading { () throws(TreeReadError<BrowsingError>) in
      if entry.attributesNode != nil { _ = try attributes(of: entry) }
      if entry.holes != nil { _ = try holes(of: entry) }
    }
  }
}
