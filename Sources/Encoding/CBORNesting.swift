/// Which arrays and maps are open, how many items each still lacks, and the last key of each map.
///
/// The reader keeps one to refuse wrong order and depth wherever it stands; the writer keeps one in
/// debug builds, so that what the one refuses the other never writes.
struct CBORNesting: Sendable {
  /// One open array or map.
  struct Level: Sendable {
    /// Items that are still to come; a map's key and value count as two.
    var itemsLeft: UInt64 = 0
    /// The last key of a map, or `nil` before the first.
    var lastKey: UInt64?
    var isMap = false

    /// Whether the next item is a map's key.
    var isAtKey: Bool { isMap && itemsLeft & 1 == 0 }
  }

  /// Number of open arrays and maps.
  private(set) var depth = 0
  /// The innermost open level; meaningless at depth 0.
  private var top = Level()
  /// The levels around it, outermost first; as many as `CBORLimits.depth`.
  private var outer: [16 of Level] = .init(repeating: Level())

  /// Whether the next item is a map's key.
  var isAtKey: Bool { depth > 0 && top.isAtKey }

  /// The key before, if the next item is a map's second key or a later one.
  var lastKey: UInt64? { top.lastKey }

  var isFull: Bool { depth == CBORLimits.depth }

  /// Notes a key.
  ///
  /// The caller has checked that one is due and that it is in order.
  mutating func didPassKey(_ key: UInt64) {
    top.lastKey = key
    // A value is still due, so the map cannot be complete.
    top.itemsLeft -= 1
  }

  /// Notes an item that holds no others, and closes what it completes.
  mutating func didPassItem() {
    guard depth > 0 else { return }
    top.itemsLeft -= 1
    closeComplete()
  }

  /// Notes the head of an array or map.
  ///
  /// The caller has checked `isFull`.
  mutating func didOpen(itemCount: UInt64, isMap: Bool) {
    guard itemCount > 0 else { return didPassItem() }
    if depth > 0 {
      top.itemsLeft -= 1
      outer[depth - 1] = top
    }
    depth += 1
    top = Level(itemsLeft: itemCount, lastKey: nil, isMap: isMap)
  }

  private mutating func closeComplete() {
    while top.itemsLeft == 0 {
      depth -= 1
      guard depth > 0 else { return }
      top = outer[depth - 1]
    }
  }
}
