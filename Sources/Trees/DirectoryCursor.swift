import CoreTypes

/// Goes through the entries of one directory in order, loading a page at a time.
///
/// Checks what no node can check alone: names ascend across pages, every page begins with the name
/// that its parent gives, and totals add up. The sum is proven when `next()` answers `nil`.
package struct DirectoryCursor<Failure: Error> {
  /// A node that is not loaded yet.
  private struct Pending {
    var id: ChunkID
    var firstName: [UInt8]?
  }

  /// A directory of pages that is loaded, and how far it was followed.
  private struct Index {
    var id: ChunkID
    var children: [DirectoryChild]
    var next = 0
    var promised: TreeTotals
    var found = TreeTotals.zero
  }

  private let reader: TreeReader<Failure>
  private let promised: TreeTotals?
  private var pending: Pending?
  private var indexes: [Index] = []
  private var page: (id: ChunkID, entries: [TreeEntry], next: Int)?
  private var lastName: [UInt8] = []
  // After a skip the sums are not known any more.
  private var sumsAreWhole = true

  init(reader: TreeReader<Failure>, root: ChunkID, promised: TreeTotals?) {
    self.reader = reader
    self.promised = promised
    pending = Pending(id: root, firstName: nil)
  }

  /// The next entry, or `nil` after the last.
  package mutating func next() throws(TreeReadError<Failure>) -> TreeEntry? {
    while true {
      if let position = page?.next, let entry = page?.entries[position] {
        page?.next = position + 1
        try advancePastEndOfPage()
        return entry
      }
      guard pending != nil else { return nil }
      try loadPending()
    }
  }

  /// The node whose entries all come next, loaded or not; `nil` within a page and at the end.
  var upcomingNode: ChunkID? {
    if let page { return page.next == 0 ? page.id : nil }
    return pending?.id
  }

  /// Name of the next entry, as far as it is known without loading.
  var upcomingName: [UInt8]? {
    if let page { return page.entries[page.next].name }
    return pending?.firstName
  }

  /// Whether the next entry is in memory, or there is none.
  var isLoaded: Bool { pending == nil }

  /// Passes over `upcomingNode`, which must be there, without loading it.
  mutating func skipUpcomingNode() throws(TreeReadError<Failure>) {
    sumsAreWhole = false
    page = nil
    pending = nil
    try advance()
  }

  /// Loads the pending node: a page, or an index whose first page is then pending.
  mutating func loadPending() throws(TreeReadError<Failure>) {
    guard let pending else { return }
    let node = try reader.node(pending.id)
    switch node {
    case .directoryPage(let totals, let entries):
      try check(pending, firstName: entries.first?.name)
      try add(totals, of: pending.id)
      self.pending = nil
      if entries.isEmpty {
        // Only a whole directory can be empty: an index gives every page a first name.
        return try advance()
      }
      page = (pending.id, entries, 0)
    case .directoryIndex(let totals, let children):
      try check(pending, firstName: children.first?.firstName)
      guard indexes.count < TreeLimits.pageLevels else { throw .malformed(pending.id, .tooDeep) }
      indexes.append(Index(id: pending.id, children: children, promised: totals))
      self.pending = nil
      try advance()
    case .listPage, .listIndex, .holes, .attributes, .hardLinks:
      throw .malformed(pending.id, .unexpectedNode(node.kind))
    }
  }

  private mutating func advancePastEndOfPage() throws(TreeReadError<Failure>) {
    guard let open = page, open.next == open.entries.count else { return }
    lastName = open.entries[open.next - 1].name
    page = nil
    try advance()
  }

  /// Goes to the next child of the innermost index, closing those that are done.
  private mutating func advance() throws(TreeReadError<Failure>) {
    while let index = indexes.last {
      if index.next < index.children.count {
        let child = index.children[index.next]
        indexes[indexes.count - 1].next += 1
        pending = Pending(id: child.id, firstName: child.firstName)
        return
      }
      indexes.removeLast()
      guard !sumsAreWhole || index.found == index.promised else {
        throw .malformed(index.id, .wrongTotals(promised: index.promised, found: index.found))
      }
      try add(index.promised, of: index.id)
    }
  }

  /// Adds what a node holds to what its parent has been found to hold.
  private mutating func add(_ totals: TreeTotals, of id: ChunkID) throws(TreeReadError<Failure>) {
    guard !indexes.isEmpty else {
      if let promised, promised != totals {
        throw .malformed(id, .wrongTotals(promised: promised, found: totals))
      }
      return
    }
    let last = indexes.count - 1
    let parent = indexes[last]
    do { try indexes[last].found.add(totals) } catch { throw .malformed(parent.id, error) }
    // Stops a tree that goes on beyond its promise before all of it is read.
    guard indexes[last].found.isWithin(parent.promised) else {
      throw .malformed(
        parent.id,
        .wrongTotals(promised: parent.promised, found: indexes[last].found)
      )
    }
  }

  private func check(_ node: Pending, firstName: [UInt8]?) throws(TreeReadError<Failure>) {
    if let promised = node.firstName, promised != firstName {
      throw .malformed(node.id, .wrongFirstName(promised: promised, found: firstName ?? []))
    }
    if let firstName, !lastName.lexicographicallyPrecedes(firstName) {
      throw .malformed(node.id, .unsorted(previous: lastName, next: firstName))
    }
  }
}
