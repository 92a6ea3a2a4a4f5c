package import Patterns
package import Trees

/// What `find` asks of names and entries.
package struct NameQuestion: Sendable {
  /// Entries to which one of these matches; a pattern also matches what is below its match, as restic has it.
  package let patterns: PatternList
  /// Any if empty.
  package let kinds: Set<EntryKind>
  /// Not modified before.
  package let oldest: EntryTime?
  /// Not modified after.
  package let newest: EntryTime?

  package init(
    patterns: PatternList,
    kinds: Set<EntryKind> = [],
    oldest: EntryTime? = nil,
    newest: EntryTime? = nil
  ) {
    self.patterns = patterns
    self.kinds = kinds
    self.oldest = oldest
    self.newest = newest
  }
}

extension NameQuestion: SearchQuestion {
  func place(of path: [[UInt8]]) -> PatternList.Position {
    path.reduce(patterns.top) { patterns.position(below: $1.span, in: $0) }
  }

  func place(of name: [UInt8], in folder: PatternList.Position) -> PatternList.Position? {
    let position = patterns.position(below: name.span, in: folder)
    return patterns.verdict(at: position).mayMatchBelow ? position : nil
  }

  func asks(for entry: TreeEntry, in folder: PatternList.Position) -> Bool {
    guard patterns.verdict(for: entry.name.span, in: folder).isMatch,
      kinds.isEmpty || kinds.contains(entry.kind)
    else { return false }
    if let oldest, entry.modified < oldest { return false }
    if let newest, entry.modified > newest { return false }
    return true
  }

  func takeReasons() -> [FoundChunk] { [] }
}
