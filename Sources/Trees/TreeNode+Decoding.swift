import Encoding

extension TreeNode {
  /// Reads one node, and checks every rule that needs no other node.
  package init(decoding bytes: [UInt8]) throws(TreeError) {
    guard bytes.count <= TreeLimits.nodeByteCount else { throw .nodeTooLarge(bytes: bytes.count) }
    var reader = CBORReader(bytes)
    var map = try reader.map(limit: 3)
    try reader.expect(key: NodeKey.kind, in: &map)
    let raw = try reader.number()
    guard let kind = TreeNodeKind(rawValue: raw) else { throw .unknownNode(type: raw) }
    try reader.expect(key: NodeKey.second, in: &map)
    switch kind {
    case .directoryPage:
      let totals = try reader.totals()
      try reader.expect(key: NodeKey.third, in: &map)
      self = .directoryPage(totals, try reader.entries(promised: totals))
    case .directoryIndex:
      let totals = try reader.totals()
      try reader.expect(key: NodeKey.third, in: &map)
      self = .directoryIndex(totals, try reader.directoryChildren())
    case .listPage:
      let size = try reader.number()
      try reader.expect(key: NodeKey.third, in: &map)
      self = .listPage(size, try reader.pageItems(promised: size))
    case .listIndex:
      let size = try reader.number()
      try reader.expect(key: NodeKey.third, in: &map)
      self = .listIndex(size, try reader.listChildren(promised: size))
    case .holes:
      self = .holes(try reader.holes())
    case .attributes:
      let attributes = try reader.attributes(limit: TreeLimits.attributes)
      let sum = try attributes.validatedByteCount()
      guard sum > TreeLimits.inlineAttributesByteCount else {
        throw .misplacedAttributes(bytes: sum)
      }
      self = .attributes(attributes)
    case .hardLinks:
      self = .hardLinks(try reader.groups())
    }
    try reader.expectEnd(of: &map)
    try reader.ended()
  }
}

extension CBORReader {
  fileprivate mutating func entries(promised: TreeTotals) throws(TreeError) -> [TreeEntry] {
    let count = try array(limit: TreeLimits.maximumPageElements)
    var entries: [TreeEntry] = []
    entries.reserveCapacity(count)
    var found = TreeTotals.zero
    for _ in 0..<count {
      let entry = try TreeEntry(decoding: &self)
      if let last = entries.last, !last.name.lexicographicallyPrecedes(entry.name) {
        throw .unsorted(previous: last.name, next: entry.name)
      }
      try found.add(entry.totals)
      entries.append(entry)
    }
    guard found == promised else { throw .wrongTotals(promised: promised, found: found) }
    return entries
  }

  fileprivate mutating func directoryChildren() throws(TreeError) -> [DirectoryChild] {
    let count = try elements()
    var children: [DirectoryChild] = []
    children.reserveCapacity(count)
    for _ in 0..<count {
      try array(exactly: 2)
      let name = try byteString(limit: TreeLimits.nameByteCount)
      try Trees.validate(name: name)
      if let last = children.last, !last.firstName.lexicographicallyPrecedes(name) {
        throw .unsorted(previous: last.firstName, next: name)
      }
      children.append(DirectoryChild(firstName: name, id: try chunkID()))
    }
    return children
  }

  fileprivate mutating func pageItems(promised: UInt64) throws(TreeError) -> [ChunkReference] {
    let items = try items(limit: TreeLimits.maximumPageElements)
    guard !items.isEmpty else { throw .elementCount(0) }
    let found = try items.validatedByteCount()
    guard found == promised else { throw .wrongSize(promised: promised, found: found) }
    return items
  }

  fileprivate mutating func listChildren(promised: UInt64) throws(TreeError) -> [ListChild] {
    let count = try elements()
    var children: [ListChild] = []
    children.reserveCapacity(count)
    var found: UInt64 = 0
    for _ in 0..<count {
      try array(exactly: 2)
      let child = ListChild(id: try chunkID(), bytes: try number())
      guard child.bytes > 0 else { throw .wrongSize(promised: promised, found: found) }
      found = try checkedSum(found, child.bytes)
      children.append(child)
    }
    guard found == promised else { throw .wrongSize(promised: promised, found: found) }
    return children
  }

  fileprivate mutating func holes() throws(TreeError) -> [HoleExtent] {
    let count = try array(limit: TreeLimits.holes)
    guard count > 0 else { throw .elementCount(0) }
    var holes: [HoleExtent] = []
    holes.reserveCapacity(count)
    var lastEnd: UInt64?
    for _ in 0..<count {
      try array(exactly: 2)
      let hole = HoleExtent(offset: try number(), length: try number())
      guard hole.length >= TreeLimits.holeByteCount else { throw .illegalHole(hole) }
      if let lastEnd, hole.offset <= lastEnd { throw .illegalHole(hole) }
      lastEnd = try checkedSum(hole.offset, hole.length)
      holes.append(hole)
    }
    return holes
  }

  /// Length of an array of pages, which is never empty.
  private mutating func elements() throws(TreeError) -> Int {
    let count = try array(limit: TreeLimits.maximumPageElements)
    guard count > 0 else { throw .elementCount(0) }
    return count
  }
}
