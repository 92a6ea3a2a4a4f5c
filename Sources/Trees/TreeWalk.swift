package import CoreTypes

/// What a walk does after an entry.
package enum TreeWalkStep: Sendable {
  /// Goes into the entry if it is a directory.
  case enter
  /// Ends the walk.
  case stop
}

extension TreeReader {
  /// Calls `body` with every entry below a directory, each before what is in it, in order of names.
  ///
  /// The path holds the names from the directory down, the entry's own as the last. Uses no stack
  /// space for depth; refuses a depth beyond 4,096. What `body` throws is thrown on as it is.
  package func walk(
    _ root: ChunkID,
    promising totals: TreeTotals? = nil,
    body: ([[UInt8]], TreeEntry) throws(TreeReadError<Failure>) -> TreeWalkStep
  ) throws(TreeReadError<Failure>) {
    var open = [entries(of: root, promising: totals)]
    var path: [[UInt8]] = []
    while !open.isEmpty {
      guard let entry = try open[open.count - 1].next() else {
        open.removeLast()
        _ = path.popLast()
        continue
      }
      path.append(entry.name)
      if case .stop = try body(path, entry) { return }
      guard let id = entry.directory else {
        path.removeLast()
        continue
      }
      guard open.count < TreeLimits.depth else { throw .malformed(id, .tooDeep) }
      open.append(entries(of: id, promising: entry.subtree))
    }
  }
}
