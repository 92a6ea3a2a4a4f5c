package import Patterns

/// Chooses what of a snapshot is restored, by patterns, as restic does.
///
/// With patterns that include, what matches or lies below a match is restored, and the folders on the way to it. With
/// patterns that exclude, all is restored but what matches and what lies below that.
package struct RestoreFilter: Sendable {
  /// What a match means.
  package enum Sense: Sendable {
    case include
    case exclude
  }

  /// What the filter says of an entry.
  struct Selection: Equatable {
    let isSelected: Bool
    /// Something in the folder may be selected.
    let mayHoldSelected: Bool

    static let everything = Selection(isSelected: true, mayHoldSelected: true)
  }

  /// How far the patterns have come at a folder.
  struct Position {
    fileprivate var lists: [PatternList.Position]
  }

  private let sense: Sense
  private let lists: [PatternList]

  /// A match in any of the lists counts: patterns that tell letters apart and those that do not are lists of their own.
  package init(_ sense: Sense, _ lists: [PatternList]) {
    self.sense = sense
    self.lists = lists.filter { !$0.isEmpty }
  }

  func position(of path: [UInt8]) -> Position {
    Position(lists: lists.map { $0.position(of: path) })
  }

  func position(below name: [UInt8], in folder: Position) -> Position {
    Position(
      lists: zip(lists, folder.lists).map { list, place in
        list.position(below: name.span, in: place)
      }
    )
  }

  /// What the filter says of a name in a folder.
  func selection(of name: [UInt8], in folder: Position) -> Selection {
    var isMatch = false
    var mayMatchBelow = false
    for (list, place) in zip(lists, folder.lists) {
      let verdict = list.verdict(for: name.span, in: place)
      isMatch = isMatch || verdict.isMatch
      mayMatchBelow = mayMatchBelow || verdict.mayMatchBelow
    }
    return selection(isMatch: isMatch, mayMatchBelow: mayMatchBelow)
  }

  /// What the filter says of the folder itself.
  func selection(at position: Position) -> Selection {
    var isMatch = false
    var mayMatchBelow = false
    for (list, place) in zip(lists, position.lists) {
      let verdict = list.verdict(at: place)
      isMatch = isMatch || verdict.isMatch
      mayMatchBelow = mayMatchBelow || verdict.mayMatchBelow
    }
    return selection(isMatch: isMatch, mayMatchBelow: mayMatchBelow)
  }

  private func selection(isMatch: Bool, mayMatchBelow: Bool) -> Selection {
    switch sense {
    case .include: Selection(isSelected: isMatch, mayHoldSelected: mayMatchBelow)
    case .exclude: Selection(isSelected: !isMatch, mayHoldSelected: !isMatch)
    }
  }
}
