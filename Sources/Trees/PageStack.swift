import CoreTypes
import Encoding

/// Pages under construction, the ones of elements below and the ones of pages above.
///
/// Holds at most one open page a level, whatever the number of elements.
struct PageStack: Sendable {
  enum Family: Sendable {
    case directory
    case list
  }

  /// What the page above says of a page.
  ///
  /// A list has only bytes in its totals, and no name.
  struct Page: Sendable {
    var firstName: [UInt8]
    var id: ChunkID
    var totals: TreeTotals
  }

  private struct Level: Sendable {
    var elements: [UInt8] = []
    var count = 0
    var firstName: [UInt8] = []
    var totals = TreeTotals.zero
    var pages = 0
    var lastPage: Page?
  }

  private let family: Family
  private var levels = [Level()]

  init(_ family: Family) { self.family = family }

  /// Appends an encoded element, and stores the page that it ends, if it does.
  mutating func append<Failure>(
    _ element: [UInt8],
    firstName: [UInt8],
    totals: TreeTotals,
    hash: () -> UInt64,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) {
    try append(element, firstName, totals, to: 0, hash: hash, store: store)
  }

  /// Stores what is open, and returns the one page that stands for all.
  mutating func finish<Failure>(
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) -> Page {
    var level = 0
    while true {
      // Without any element there is still one page: an empty one.
      if levels[level].count > 0 || levels[level].pages == 0 { try close(level, store: store) }
      if levels[level].pages == 1, let page = levels[level].lastPage { return page }
      level += 1
    }
  }

  private mutating func append<Failure>(
    _ element: [UInt8],
    _ firstName: [UInt8],
    _ totals: TreeTotals,
    to level: Int,
    hash: () -> UInt64,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) {
    if levels[level].count == 0 { levels[level].firstName = firstName }
    levels[level].elements.append(contentsOf: element)
    levels[level].count += 1
    levels[level].totals = levels[level].totals.adding(totals)
    if PageRule.ends(
      elements: levels[level].count,
      bytes: levels[level].elements.count,
      hash: hash
    ) {
      try close(level, store: store)
    }
  }

  /// Stores the open page of `level`, and appends it to the level above.
  private mutating func close<Failure>(
    _ level: Int,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) {
    let open = levels[level]
    let id = try store(encoded(open, level: level))
    let page = Page(firstName: open.firstName, id: id, totals: open.totals)
    levels[level] = Level(pages: open.pages + 1, lastPage: page)
    if level + 1 == levels.count { levels.append(Level()) }
    var element = CBORWriter()
    switch family {
    case .directory: element.child(DirectoryChild(firstName: page.firstName, id: id))
    case .list: element.child(ListChild(id: id, bytes: page.totals.bytes))
    }
    try append(
      element.bytes,
      page.firstName,
      page.totals,
      to: level + 1,
      hash: { id.digest.prefix },
      store: store
    )
  }

  private func encoded(_ open: Level, level: Int) -> [UInt8] {
    let head: CBORWriter
    switch family {
    case .directory:
      head = .directory(
        level == 0 ? .directoryPage : .directoryIndex,
        open.totals,
        elements: open.count
      )
    case .list:
      head = .list(level == 0 ? .listPage : .listIndex, open.totals.bytes, elements: open.count)
    }
    var node = head.bytes
    node.append(contentsOf: open.elements)
    return node
  }
}
