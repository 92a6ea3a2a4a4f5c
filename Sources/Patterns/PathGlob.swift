/// A pattern for a path: names, and `**` for any number of folders; the names stand in a `GlobTable`.
///
/// It is matched a name at a time. What is known of a path so far is a word with one bit for each place in the pattern that may
/// have been reached, so a folder's word serves all that is in it, and no pattern can make matching slow.
struct PathGlob: Sendable {
  /// What happens below a path that matches.
  enum Reach: Sendable {
    /// It matches as well.
    case below
    /// It does not match because of that.
    case exact
  }

  /// Places in front of a `**`.
  private var depthMask: UInt64 = 0
  /// Its names in the table; `**` has a row there too, which is not asked.
  private var firstName: Int
  private(set) var partCount = 0
  private let reach: Reach

  /// An empty pattern, whose names will follow those that are in `table`.
  init(in table: GlobTable, reach: Reach) {
    firstName = table.names.count
    self.reach = reach
  }

  /// Goes on with a name, which is the last of the table.
  mutating func appendName() { partCount += 1 }

  /// Goes on with `**`.
  mutating func appendAnyDepth(in table: inout GlobTable) {
    // Two in a row mean what one means.
    if partCount > 0, depthMask >> UInt64(partCount - 1) == 1 { return }
    depthMask |= 1 << UInt64(partCount)
    partCount += 1
    table.append([], alphabet: .bytes)
  }

  /// The same pattern in a table whose earlier names are `count` more.
  func shifted(by count: Int) -> PathGlob {
    var glob = self
    glob.firstName += count
    return glob
  }

  /// The word of the folder in which matching begins.
  var start: UInt64 { closed(1) }

  /// The word of `name` in a folder with the word `state`; zero if nothing there or below can match.
  func advanced(_ state: UInt64, by name: Span<UInt8>, in table: GlobTable) -> UInt64 {
    // A `**` takes any name and stays.
    var next = state & depthMask
    var rest = state & ~(end | depthMask)
    while rest != 0 {
      let place = rest.trailingZeroBitCount
      rest &= rest - 1
      if table.matches(firstName + place, name) { next |= 1 << UInt64(place + 1) }
    }
    if reach == .below { next |= state & end }
    return closed(next)
  }

  /// True if the path with this word matches.
  func isMatch(_ state: UInt64) -> Bool { state & end != 0 }

  private var end: UInt64 { 1 << UInt64(partCount) }

  /// `**` may stand for no folder at all.
  private func closed(_ state: UInt64) -> UInt64 { state | (state & depthMask) << 1 }
}
