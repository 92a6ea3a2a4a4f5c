import CoreTypes

/// Goes through the items of a file's content in order, loading a page at a time.
///
/// Checks what no node can check alone: neighbours are merged across pages, and bytes add up to
/// the size. The sum is proven when `next()` answers `nil`.
package struct ItemCursor<Failure: Error> {
  private struct Index {
    var children: [ListChild]
    var next = 0
  }

  private let reader: TreeReader<Failure>
  private var pending: ListChild?
  private var indexes: [Index] = []
  private var items: [ChunkReference] = []
  private var position = 0
  private var last: ChunkReference?

  init(reader: TreeReader<Failure>, content: FileContent, size: UInt64) {
    self.reader = reader
    switch content {
    case .empty, .inline: break
    case .list(let items): self.items = items
    case .paged(let id): pending = ListChild(id: id, bytes: size)
    }
  }

  /// The next item, or `nil` after the last.
  package mutating func next() throws(TreeReadError<Failure>) -> ChunkReference? {
    while position == items.count {
      guard let node = pending ?? nextChild() else { return nil }
      pending = nil
      try load(node)
    }
    let item = items[position]
    position += 1
    last = item
    return item
  }

  /// The next page of the innermost index that has one.
  private mutating func nextChild() -> ListChild? {
    while let index = indexes.last {
      if index.next < index.children.count {
        indexes[indexes.count - 1].next += 1
        return index.children[index.next]
      }
      indexes.removeLast()
    }
    return nil
  }

  private mutating func load(_ child: ListChild) throws(TreeReadError<Failure>) {
    let node = try reader.node(child.id)
    let found: UInt64
    switch node {
    case .listPage(let bytes, let page):
      found = bytes
      if let last, let first = page.first, last.merges(with: first) {
        throw .malformed(child.id, .unmergedItems(first.id))
      }
      items = page
      position = 0
    case .listIndex(let bytes, let children):
      found = bytes
      guard indexes.count < TreeLimits.pageLevels else { throw .malformed(child.id, .tooDeep) }
      indexes.append(Index(children: children))
    case .directoryPage, .directoryIndex, .holes, .attributes, .hardLinks:
      throw .malformed(child.id, .unexpectedNode(node.kind))
    }
    // Decoding has proven that the node's own elements add up to this.
    guard found == child.bytes else {
      throw .malformed(child.id, .wrongSize(promised: child.bytes, found: found))
    }
  }
}
