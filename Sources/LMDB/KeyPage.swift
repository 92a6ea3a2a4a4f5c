/// One page of keys, checked when it is made: everything that it says of itself lies within it.
///
/// Source: `MDB_page` and `MDB_node` in mdb.c of LMDB 0.9. A page is a header of 16 bytes, offsets
/// of nodes in order of their keys, room, and the nodes; a node is a header of 8 bytes, a key, and
/// in leaves a value or the number of the page where the value begins.
@safe
struct KeyPage {
  private let bytes: UnsafeRawBufferPointer
  let count: Int
  let isLeaf: Bool

  private static let headerByteCount = 16
  private static let branchFlag: UInt16 = 1
  private static let leafFlag: UInt16 = 2

  /// Checks the page.
  ///
  /// `marks` has a bit for every second byte of a page, none of them set; so it is left.
  init(_ bytes: UnsafeRawBufferPointer, isLeaf: Bool, marks: inout NodeMarks) throws(LMDBError) {
    unsafe self.bytes = bytes
    self.isLeaf = isLeaf
    let flags = unsafe bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    guard flags == (isLeaf ? KeyPage.leafFlag : KeyPage.branchFlag) else {
      throw .damaged("a page has flags \(flags)")
    }
    let lower = unsafe Int(bytes.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
    let upper = unsafe Int(bytes.loadUnaligned(fromByteOffset: 14, as: UInt16.self))
    guard lower > KeyPage.headerByteCount, lower <= upper, upper < bytes.count, lower % 2 == 0,
      upper % 2 == 0
    else { throw .damaged("a page has room from \(lower) to \(upper)") }
    count = (lower - KeyPage.headerByteCount) / 2
    for index in 0..<count {
      let offset = self.offset(index)
      guard offset >= upper, offset + Node.headerByteCount <= bytes.count, offset % 2 == 0,
        marks.insert(offset)
      else { throw .damaged("a node at \(offset) of a page") }
    }
    // The nodes fill the rest without a gap: each begins where the one before it ends.
    var end = upper
    var found = 0
    while end < bytes.count, marks.remove(end) {
      end += node(at: end).byteCount
      found += 1
    }
    guard end == bytes.count, found == count else { throw .damaged("nodes overlap in a page") }
  }

  /// The node of the key at `index`.
  func node(_ index: Int) -> Node { node(at: offset(index)) }

  private func offset(_ index: Int) -> Int {
    let place = KeyPage.headerByteCount + 2 * index
    return unsafe Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self))
  }

  private func node(at offset: Int) -> Node {
    unsafe Node(UnsafeRawBufferPointer(rebasing: bytes[offset...]), isLeaf: isLeaf)
  }
}

/// A key, and what stands behind it.
@safe
struct Node {
  private let bytes: UnsafeRawBufferPointer
  private let isLeaf: Bool
  let flags: UInt16
  let keyByteCount: Int

  static let headerByteCount = 8
  /// The value lies in pages of its own.
  static let overflowFlag: UInt16 = 1
  /// The value is the record of a tree.
  static let tableFlag: UInt16 = 2

  init(_ bytes: UnsafeRawBufferPointer, isLeaf: Bool) {
    unsafe self.bytes = bytes
    self.isLeaf = isLeaf
    flags = unsafe bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
    keyByteCount = unsafe Int(bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
  }

  private var low: UInt64 {
    unsafe UInt64(bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
  }

  var isOverflowing: Bool { flags & Node.overflowFlag != 0 }

  /// Bytes of the value of a leaf.
  var valueByteCount: Int { Int(low) }

  /// Bytes in its page, rounded up to even.
  var byteCount: Int {
    let stored = isLeaf ? isOverflowing ? 8 : valueByteCount : 0
    return (Node.headerByteCount + keyByteCount + stored + 1) & ~1
  }

  /// The page below a branch.
  var child: UInt64 { low | UInt64(flags) << 32 }

  var key: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(
      rebasing: bytes[Node.headerByteCount..<Node.headerByteCount + keyByteCount]
    )
  }

  /// What stands behind the key in a leaf.
  var stored: UnsafeRawBufferPointer {
    let start = Node.headerByteCount + keyByteCount
    let count = isOverflowing ? 8 : valueByteCount
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
  }
}

/// Even places in a page.
struct NodeMarks {
  private var words: [UInt64]

  init(pageByteCount: Int) { words = Array(repeating: 0, count: (pageByteCount + 127) / 128) }

  /// False if the place was marked already.
  mutating func insert(_ offset: Int) -> Bool {
    let bit = UInt64(1) << UInt64(offset / 2 % 64)
    defer { words[offset / 128] |= bit }
    return words[offset / 128] & bit == 0
  }

  /// False if the place, which lies in the page, was not marked.
  mutating func remove(_ offset: Int) -> Bool {
    let bit = UInt64(1) << UInt64(offset / 2 % 64)
    defer { words[offset / 128] &= ~bit }
    return words[offset / 128] & bit != 0
  }
}
