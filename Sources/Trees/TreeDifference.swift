package import CoreTypes

/// One way in which a tree differs from another.
package enum TreeDifference: Equatable, Sendable {
  /// Only in the new tree; for a directory, this stands for everything below it.
  case added(TreeEntry)
  /// Only in the old tree; for a directory, this stands for everything below it.
  case removed(TreeEntry)
  /// In both with the same kind, and not equal. For two directories: by more than what is in them.
  case changed(old: TreeEntry, new: TreeEntry)
  /// In both with different kinds; for a directory on either side, this stands for everything below it.
  case replaced(old: TreeEntry, new: TreeEntry)
}

extension TreeReader {
  /// Calls `body` with every difference between two directories and what is below them.
  ///
  /// In order of names. Nodes that both trees share are not loaded where they stand at the same
  /// place. The path holds the names from the directories down. What `body` throws is thrown on as
  /// it is.
  package func differences(
    from old: ChunkID,
    to new: ChunkID,
    body: ([[UInt8]], TreeDifference) throws(TreeReadError<Failure>) -> Void
  ) throws(TreeReadError<Failure>) {
    var open = [TreePair(old: entries(of: old), new: entries(of: new))]
    var path: [[UInt8]] = []
    while !open.isEmpty {
      switch try open[open.count - 1].next() {
      case nil:
        open.removeLast()
        _ = path.popLast()
      case (let old?, nil)?:
        try body(path + [old.name], .removed(old))
      case (nil, let new?)?:
        try body(path + [new.name], .added(new))
      case (let old?, let new?)?:
        try report(old, new, at: path + [new.name], to: body)
        guard let oldID = old.directory, let newID = new.directory, oldID != newID else { continue }
        guard open.count < TreeLimits.depth else { throw .malformed(newID, .tooDeep) }
        path.append(new.name)
        open.append(
          TreePair(
            old: entries(of: oldID, promising: old.subtree),
            new: entries(of: newID, promising: new.subtree)
          )
        )
      case (nil, nil)?:
        continue
      }
    }
  }

  private func report(
    _ old: TreeEntry,
    _ new: TreeEntry,
    at path: [[UInt8]],
    to body: ([[UInt8]], TreeDifference) throws(TreeReadError<Failure>) -> Void
  ) throws(TreeReadError<Failure>) {
    guard old.kind == new.kind else { return try body(path, .replaced(old: old, new: new)) }
    var oldAlone = old
    oldAlone.directory = new.directory
    oldAlone.subtree = new.subtree
    if oldAlone != new { try body(path, .changed(old: old, new: new)) }
  }
}

/// Two directories, gone through side by side.
private struct TreePair<Failure: Error> {
  var old: DirectoryCursor<Failure>
  var new: DirectoryCursor<Failure>

  /// The next name in either with its entries that differ, or `nil` at the end of both.
  mutating func next() throws(TreeReadError<Failure>)
    -> (old: TreeEntry?, new: TreeEntry?)?
  {
    while true {
      if let node = old.upcomingNode, node == new.upcomingNode {
        try old.skipUpcomingNode()
        try new.skipUpcomingNode()
        continue
      }
      // One load at a time, because it may bring both to a node that they share.
      if try loadOne() { continue }
      switch (old.upcomingName, new.upcomingName) {
      case (nil, nil):
        return nil
      case (_?, nil):
        return (try old.next(), nil)
      case (nil, _?):
        return (nil, try new.next())
      case (let oldName?, let newName?):
        if oldName.lexicographicallyPrecedes(newName) { return (try old.next(), nil) }
        if newName.lexicographicallyPrecedes(oldName) { return (nil, try new.next()) }
        let pair = (old: try old.next(), new: try new.next())
        if pair.old != pair.new { return pair }
      }
    }
  }

  /// Loads a node of the side that is behind; `false` when the next step needs none.
  private mutating func loadOne() throws(TreeReadError<Failure>) -> Bool {
    let oldIsBehind = isBehind(old.upcomingName, new.upcomingName)
    let newIsBehind = isBehind(new.upcomingName, old.upcomingName)
    if !old.isLoaded, oldIsBehind {
      try old.loadPending()
    } else if !new.isLoaded, newIsBehind {
      try new.loadPending()
    } else {
      return false
    }
    return true
  }

  /// Whether `name` does not come after `other`; a name that is not known may be any.
  private func isBehind(_ name: [UInt8]?, _ other: [UInt8]?) -> Bool {
    guard let name, let other else { return true }
    return !other.lexicographicallyPrecedes(name)
  }
}
