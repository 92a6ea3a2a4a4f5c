package import CoreTypes

/// Why a tree could not be read.
package enum TreeReadError<Failure: Error>: Error {
  /// What the closure that loads nodes threw.
  case load(Failure)
  /// A node that its writer must not have written.
  case malformed(ChunkID, TreeError)
}

extension TreeReadError: Equatable where Failure: Equatable {}

/// Reads trees node by node through a closure that loads them.
///
/// Nothing is kept between calls. The closure gives the bytes of a chunk of kind *tree* whose id
/// was proven; whatever those bytes are, reading throws and never traps.
package struct TreeReader<Failure: Error> {
  private let load: (ChunkID) throws(Failure) -> [UInt8]

  package init(load: @escaping (ChunkID) throws(Failure) -> [UInt8]) {
    self.load = load
  }

  /// The node with the given id.
  package func node(_ id: ChunkID) throws(TreeReadError<Failure>) -> TreeNode {
    let bytes: [UInt8]
    do { bytes = try load(id) } catch { throw .load(error) }
    do { return try TreeNode(decoding: bytes) } catch { throw .malformed(id, error) }
  }

  /// The entries of one directory, to be asked for one by one.
  ///
  /// - Parameter totals: what the directory's own entry says is below it, when that is known.
  package func entries(
    of id: ChunkID,
    promising totals: TreeTotals? = nil
  ) -> DirectoryCursor<Failure> {
    DirectoryCursor(reader: self, root: id, promised: totals)
  }

  /// Calls `body` with each entry of one directory in order, until it answers `false`.
  ///
  /// What `body` throws comes out as `.load`; use `entries(of:)` to throw something else.
  package func forEachEntry(
    of id: ChunkID,
    promising totals: TreeTotals? = nil,
    body: (TreeEntry) throws(Failure) -> Bool
  ) throws(TreeReadError<Failure>) {
    var cursor = entries(of: id, promising: totals)
    while let entry = try cursor.next() {
      do {
        guard try body(entry) else { return }
      } catch { throw .load(error) }
    }
  }

  /// The entry of the given name in one directory, or `nil`; loads one page and those above it.
  package func entry(
    named name: [UInt8],
    in id: ChunkID
  ) throws(TreeReadError<Failure>)
    -> TreeEntry?
  {
    var id = id
    var firstName: [UInt8]?
    for _ in 0...TreeLimits.pageLevels {
      let node = try node(id)
      switch node {
      case .directoryPage(_, let entries):
        if let firstName { try check(id, entries.first?.name, is: firstName) }
        let place = entries.firstPlace { !$0.name.lexicographicallyPrecedes(name) }
        guard place < entries.count, entries[place].name == name else { return nil }
        return entries[place]
      case .directoryIndex(_, let children):
        if let firstName { try check(id, children.first?.firstName, is: firstName) }
        let next = children.firstPlace { name.lexicographicallyPrecedes($0.firstName) }
        guard next > 0 else { return nil }
        (id, firstName) = (children[next - 1].id, children[next - 1].firstName)
      case .listPage, .listIndex, .holes, .attributes, .hardLinks:
        throw .malformed(id, .unexpectedNode(node.kind))
      }
    }
    throw .malformed(id, .tooDeep)
  }

  /// The entry below a directory that `path` leads to, or `nil` when there is none.
  ///
  /// - Parameter path: names from the directory down; at least one.
  package func entry(
    atPath path: [[UInt8]],
    in root: ChunkID
  ) throws(TreeReadError<Failure>)
    -> TreeEntry?
  {
    guard path.count <= TreeLimits.depth else { return nil }
    var directory: ChunkID? = root
    var found: TreeEntry?
    for name in path {
      guard let id = directory, let entry = try entry(named: name, in: id) else { return nil }
      found = entry
      directory = entry.directory
    }
    return found
  }

  /// The items of a file's content, to be asked for one by one.
  package func items(of entry: TreeEntry) -> ItemCursor<Failure> {
    items(of: entry.content, size: entry.size)
  }

  /// The items of a content that stands for `size` bytes, to be asked for one by one.
  ///
  /// There is none when the content is empty or inline.
  package func items(of content: FileContent, size: UInt64) -> ItemCursor<Failure> {
    ItemCursor(reader: self, content: content, size: size)
  }

  /// The holes of a file, ascending; none when it has no map.
  package func holes(of entry: TreeEntry) throws(TreeReadError<Failure>) -> [HoleExtent] {
    guard let id = entry.holes else { return [] }
    let node = try node(id)
    guard case .holes(let holes) = node else { throw .malformed(id, .unexpectedNode(node.kind)) }
    // Cannot overflow: decoding has checked the end of each hole.
    if let last = holes.last, last.offset + last.length > entry.size {
      throw .malformed(id, .illegalHole(last))
    }
    return holes
  }

  /// The extended attributes of an entry, wherever they stand.
  package func attributes(of entry: TreeEntry) throws(TreeReadError<Failure>) -> [EntryAttribute] {
    guard let id = entry.attributesNode else { return entry.attributes }
    let node = try node(id)
    guard case .attributes(let attributes) = node else {
      throw .malformed(id, .unexpectedNode(node.kind))
    }
    return attributes
  }

  private func check(
    _ id: ChunkID,
    _ found: [UInt8]?,
    is promised: [UInt8]
  )
    throws(TreeReadError<Failure>)
  {
    guard found == promised else {
      throw .malformed(id, .wrongFirstName(promised: promised, found: found ?? []))
    }
  }
}

extension Array {
  /// The first place from which on `condition` holds; it must hold from there to the end.
  fileprivate func firstPlace(where condition: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
