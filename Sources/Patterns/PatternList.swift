/// Patterns of which the last that matches decides, asked a folder at a time.
///
/// A walk keeps a `Position` for each folder that it is in; asking about a name in it costs no allocation.
package struct PatternList: Sendable {
  /// As they were given.
  package let patterns: [PathPattern]
  private let globs: [PathGlob]
  private let table: GlobTable
  private let negations: [Bool]

  /// Keeps the order, which matters where patterns are negated.
  package init(_ patterns: [PathPattern]) {
    self.patterns = patterns
    var table = GlobTable()
    globs = patterns.map { $0.glob.shifted(by: table.append($0.table)) }
    self.table = table
    negations = patterns.map(\.isNegated)
  }

  /// True if there are no patterns, and so no matches.
  package var isEmpty: Bool { patterns.isEmpty }

  /// What a list says of a path.
  package struct Verdict: Equatable, Sendable {
    /// The last pattern that matches is there and is not negated.
    package let isMatch: Bool
    /// Something below may match.
    package let mayMatchBelow: Bool
  }

  /// How far each pattern has come at a folder.
  ///
  /// Patterns that can match nothing there are left out.
  package struct Position: Hashable, Sendable {
    fileprivate struct Live: Hashable, Sendable {
      let pattern: Int
      let state: UInt64
    }

    fileprivate var live: [Live]

    /// True if no pattern can match here or below.
    package var isEmpty: Bool { live.isEmpty }
  }

  /// The position at the top of absolute paths.
  package var top: Position {
    Position(
      live: patterns.indices.map { Position.Live(pattern: $0, state: patterns[$0].glob.start) }
    )
  }

  /// The position at the top of paths that do not begin with a slash: patterns that do match none of them.
  package var relativeTop: Position {
    Position(live: top.live.filter { !patterns[$0.pattern].isAnchored })
  }

  /// The position of a path.
  package func position(of path: [UInt8]) -> Position {
    var position = path.first == UInt8(ascii: "/") ? top : relativeTop
    for name in path.split(separator: UInt8(ascii: "/")) {
      position = self.position(below: Array(name).span, in: position)
    }
    return position
  }

  /// The position of the folder `name` in `folder`.
  package func position(below name: Span<UInt8>, in folder: Position) -> Position {
    var next = Position(live: [])
    next.live.reserveCapacity(folder.live.count)
    for live in folder.live {
      let state = globs[live.pattern].advanced(live.state, by: name, in: table)
      if state != 0 { next.live.append(Position.Live(pattern: live.pattern, state: state)) }
    }
    return next
  }

  /// What the list says of `name` in `folder`.
  package func verdict(for name: Span<UInt8>, in folder: Position) -> Verdict {
    var isMatch = false
    var mayMatchBelow = false
    for live in folder.live {
      let state = globs[live.pattern].advanced(live.state, by: name, in: table)
      count(live.pattern, state, &isMatch, &mayMatchBelow)
    }
    return Verdict(isMatch: isMatch, mayMatchBelow: mayMatchBelow)
  }

  /// What the list says of the folder itself whose position this is.
  package func verdict(at position: Position) -> Verdict {
    var isMatch = false
    var mayMatchBelow = false
    for live in position.live {
      count(live.pattern, live.state, &isMatch, &mayMatchBelow)
    }
    return Verdict(isMatch: isMatch, mayMatchBelow: mayMatchBelow)
  }

  /// What the list says of a path.
  package func verdict(for path: [UInt8]) -> Verdict { verdict(at: position(of: path)) }

  /// As restic counts: a negated pattern takes back what matched before it, there and below.
  private func count(
    _ pattern: Int,
    _ state: UInt64,
    _ isMatch: inout Bool,
    _ mayMatchBelow: inout Bool
  ) {
    let isFull = globs[pattern].isMatch(state)
    if negations[pattern] {
      guard isFull else { return }
      isMatch = false
      mayMatchBelow = false
    } else if state != 0 {
      mayMatchBelow = true
      if isFull { isMatch = true }
    }
  }
}
