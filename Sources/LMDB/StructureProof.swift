internal import Glibc

/// Proves that the file of an environment is what was written.
///
/// LMDB believes its pages: one that says that it holds more than it can is read beyond its end,
/// and, when it is to be changed, is written beyond its end in memory. Here every page that the last
/// transaction can reach is looked at once: it is in the file, of the right kind, reached by one
/// way only and not free; what it says of itself lies within it; keys rise; and each tree has the
/// depth, pages and rows that it says; and every row has its check (`Rows`).
@safe
struct StructureProof: ~Copyable {
  private let map: UnsafeRawBufferPointer
  private let pageByteCount: Int
  private let pageCount: UInt64
  /// A bit for each page: reached, or free.
  private var known: [UInt64]
  private var marks: NodeMarks

  private static let metaPageCount: UInt64 = 2
  /// Deepest tree: `CURSOR_STACK` in mdb.c.
  private static let depthLimit = 32
  private static let integerKeyFlag: UInt16 = 8
  private static let overflowPageFlag: UInt16 = 4
  private static let pageHeaderByteCount = 16

  /// Proves the state of the file after `transaction`, which a reader must hold meanwhile.
  ///
  /// False if other processes have committed twice since the reader began: its meta page is gone.
  static func run(descriptor: Int32, transaction: UInt64) throws(LMDBError) -> Bool {
    let pageByteCount = try MetaPage(readingFrom: descriptor, at: 0).pageByteCount
    let place = transaction % 2 == 0 ? 0 : pageByteCount
    let meta = try MetaPage(readingFrom: descriptor, at: place)
    // Twice, because it may be written while it is read.
    let again = try MetaPage(readingFrom: descriptor, at: place)
    guard meta.transaction == transaction, again.transaction == transaction else { return false }
    let byteCount = try min(Int(meta.statedByteCount), DataFile.byteCount(descriptor))
    guard let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0),
      unsafe base != MAP_FAILED
    else { throw .system(operation: "mmap", errno: errno) }
    defer { unsafe munmap(base, byteCount) }
    // Read in the order of the file, not in that of the trees.
    _ = unsafe madvise(base, byteCount, MADV_WILLNEED)
    var proof = unsafe StructureProof(UnsafeRawBufferPointer(start: base, count: byteCount), meta)
    try proof.check(meta.free, .freePages)
    try proof.check(meta.main, .tables)
    return true
  }

  private init(_ map: UnsafeRawBufferPointer, _ meta: MetaPage) {
    unsafe self.map = map
    pageByteCount = meta.pageByteCount
    pageCount = min(meta.pageCount, UInt64(map.count / meta.pageByteCount))
    known = Array(repeating: 0, count: Int(pageCount / 64) + 1)
    marks = NodeMarks(pageByteCount: meta.pageByteCount)
  }

  // MARK: Trees

  private enum Content: Equatable {
    case freePages
    case tables
    /// Of a table with this seed.
    case rows(seed: UInt64)
  }

  /// What was found in a tree.
  private struct Found {
    var branchPages: UInt64 = 0
    var leafPages: UInt64 = 0
    var overflowPages: UInt64 = 0
    var entries: UInt64 = 0
  }

  private mutating func check(_ tree: TreeRecord, _ content: Content) throws(LMDBError) {
    let flags = content == .freePages ? StructureProof.integerKeyFlag : 0
    guard tree.flags == flags, tree.depth <= StructureProof.depthLimit,
      (tree.root == TreeRecord.noRoot) == (tree.depth == 0)
    else { throw .damaged("a tree of depth \(tree.depth) has flags \(tree.flags)") }
    var found = Found()
    if tree.depth > 0 {
      let none = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
      unsafe try walk(tree.root, tree.depth, content, from: none, to: none, &found)
    }
    guard found.branchPages == tree.branchPages, found.leafPages == tree.leafPages,
      found.overflowPages == tree.overflowPages, found.entries == tree.entries
    else { throw .damaged("a tree has not as much as it says: \(found) of \(tree)") }
  }

  /// Checks what is below a page; all its keys are at least `low` and less than `high`, if they are given.
  private mutating func walk(
    _ number: UInt64,
    _ height: UInt16,
    _ content: Content,
    from low: UnsafeRawBufferPointer,
    to high: UnsafeRawBufferPointer,
    _ found: inout Found
  ) throws(LMDBError) {
    let bytes = unsafe try take(number)
    let page = unsafe try KeyPage(bytes, isLeaf: height == 1, marks: &marks)
    var last = unsafe low
    for index in 0..<page.count {
      let node = page.node(index)
      // The first key of a branch is never looked at.
      let isLowest = index == 0 && !page.isLeaf
      let key = unsafe isLowest ? low : node.key
      if !isLowest {
        guard unsafe isKey(key, content) else {
          throw .damaged("a key of \(node.keyByteCount) bytes in page \(number)")
        }
        // Only the first of a leaf may be the key that led to it.
        let least = index == 0 ? 0 : 1
        guard unsafe last.count == 0 || compare(key, last, content) >= least,
          unsafe high.count == 0 || compare(key, high, content) < 0
        else { throw .damaged("keys of page \(number) are not in order") }
      }
      unsafe last = key
      if page.isLeaf {
        try check(node, content, &found)
      } else {
        let next = unsafe index + 1 < page.count ? page.node(index + 1).key : high
        unsafe try walk(node.child, height - 1, content, from: key, to: next, &found)
      }
    }
    if page.isLeaf { found.leafPages += 1 } else { found.branchPages += 1 }
  }

  private func isKey(_ key: UnsafeRawBufferPointer, _ content: Content) -> Bool {
    content == .freePages ? key.count == 8 : (1...Rows.keyLimit).contains(key.count)
  }

  /// Less than, equal to, or greater than 0, as `left` is to `right`.
  private func compare(
    _ left: UnsafeRawBufferPointer,
    _ right: UnsafeRawBufferPointer,
    _ content: Content
  ) -> Int {
    if content == .freePages {
      let first = unsafe left.loadUnaligned(as: UInt64.self)
      let second = unsafe right.loadUnaligned(as: UInt64.self)
      return first < second ? -1 : first == second ? 0 : 1
    }
    guard let first = left.baseAddress, let second = right.baseAddress else { return 0 }
    let order = unsafe memcmp(first, second, min(left.count, right.count))
    return order != 0 ? Int(order) : left.count - right.count
  }

  // MARK: Values

  private mutating func check(
    _ node: Node,
    _ content: Content,
    _ found: inout Found
  ) throws(LMDBError) {
    found.entries += 1
    let hasFlags =
      content == .tables
      ? node.flags == Node.tableFlag : node.flags == 0 || node.flags == Node.overflowFlag
    guard hasFlags else { throw .damaged("a node has flags \(node.flags)") }
    let value = unsafe node.isOverflowing ? try overflow(node, &found) : node.stored
    switch content {
    case .freePages: unsafe try free(value)
    case .rows(let seed): _ = unsafe try Rows.proven(value, of: node.key, seed: seed)
    case .tables:
      guard value.count == TreeRecord.byteCount else {
        throw .damaged("a table's record has \(node.valueByteCount) bytes")
      }
      let seed = unsafe Database.seed(ofName: node.key)
      unsafe try check(TreeRecord(value, at: 0), .rows(seed: seed))
    }
  }

  /// A value that lies in pages of its own.
  private mutating func overflow(
    _ node: Node,
    _ found: inout Found
  ) throws(LMDBError) -> UnsafeRawBufferPointer {
    let number = unsafe node.stored.loadUnaligned(as: UInt64.self)
    let first = unsafe try take(number)
    let flags = unsafe first.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    let count = unsafe UInt64(first.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    let header = StructureProof.pageHeaderByteCount
    guard flags == StructureProof.overflowPageFlag, count >= 1, count <= pageCount - number,
      header + node.valueByteCount <= Int(count) * pageByteCount
    else { throw .damaged("page \(number) does not hold \(node.valueByteCount) bytes") }
    for further in number + 1..<number + count { try know(further) }
    found.overflowPages += count
    let start = Int(number) * pageByteCount + header
    return unsafe UnsafeRawBufferPointer(rebasing: map[start..<start + node.valueByteCount])
  }

  /// A list of free pages: their number, then the pages, falling.
  private mutating func free(_ list: UnsafeRawBufferPointer) throws(LMDBError) {
    guard list.count >= 8, list.count % 8 == 0 else {
      throw .damaged("a list of free pages has \(list.count) bytes")
    }
    let count = unsafe list.loadUnaligned(as: UInt64.self)
    guard count < UInt64(list.count / 8) else { throw .damaged("a list of \(count) free pages") }
    var last = UInt64.max
    for index in 0..<Int(count) {
      let number = unsafe list.loadUnaligned(fromByteOffset: 8 * (index + 1), as: UInt64.self)
      guard number < last else { throw .damaged("free pages are not in order") }
      try know(number)
      last = number
    }
  }

  // MARK: Pages

  /// The bytes of a page that is reached for the first time.
  private mutating func take(_ number: UInt64) throws(LMDBError) -> UnsafeRawBufferPointer {
    try know(number)
    let start = Int(number) * pageByteCount
    let page = unsafe UnsafeRawBufferPointer(rebasing: map[start..<start + pageByteCount])
    let stated = unsafe page.loadUnaligned(as: UInt64.self)
    guard stated == number else { throw .damaged("page \(number) says that it is \(stated)") }
    return unsafe page
  }

  private mutating func know(_ number: UInt64) throws(LMDBError) {
    guard number >= StructureProof.metaPageCount, number < pageCount else {
      throw .damaged("there is no page \(number)")
    }
    let bit = UInt64(1) << (number % 64)
    guard known[Int(number / 64)] & bit == 0 else { throw .damaged("page \(number) is used twice") }
    known[Int(number / 64)] |= bit
  }
}
