import CoreTypes
package import Trees

/// Walks what is at and below an entry, in order of names, each folder before what is in it.
///
/// Memory is bounded by depth: one page of each folder that is being walked.
package struct TreeListing {
  /// How far a walk goes.
  package enum Reach: Sendable {
    /// The entry alone.
    case top
    /// The entry, and what is in it.
    case children
    case everything
  }

  private let reader: TreeReader<BrowsingError>

  package init(reader: TreeReader<BrowsingError>) { self.reader = reader }

  private struct Level {
    var entries: DirectoryCursor<BrowsingError>
    /// Bytes of the folder's path.
    let pathCount: Int
  }

  /// Calls `body` with the path and entry of everything within reach.
  package func forEachEntry(
    of top: TreeTop,
    reach: Reach,
    _ body: (_ path: [UInt8], _ entry: TreeEntry) throws(BrowsingError) -> Void
  ) throws(BrowsingError) {
    try body(top.path, top.entry)
    guard reach != .top, let directory = top.entry.directory else { return }
    try forEachEntry(in: directory, of: top, reach: reach, body)
  }

  /// Calls `body` with everything within reach but the top itself.
  package func forEachEntry(
    below top: TreeTop,
    _ body: (_ path: [UInt8], _ entry: TreeEntry) throws(BrowsingError) -> Void
  ) throws(BrowsingError) {
    guard let directory = top.entry.directory else { return }
    try forEachEntry(in: directory, of: top, reach: .everything, body)
  }

  private func forEachEntry(
    in directory: ChunkID,
    of top: TreeTop,
    reach: Reach,
    _ body: (_ path: [UInt8], _ entry: TreeEntry) throws(BrowsingError) -> Void
  ) throws(BrowsingError) {
    // One buffer for all paths.
    var path = top.path
    var open = [
      Level(
        entries: reader.entries(of: directory, promising: top.entry.subtree),
        pathCount: path.count
      )
    ]
    while !open.isEmpty {
      let last = open.count - 1
      let entry: TreeEntry?
      do {
        entry = try open[last].entries.next()
      } catch {
        throw error.browsingError
      }
      path.removeSubrange(open[last].pathCount...)
      guard let entry else {
        open.removeLast()
        continue
      }
      Path.append(entry.name, to: &path)
      try body(path, entry)
      guard reach == .everything, let directory = entry.directory else { continue }
      guard open.count < TreeLimits.depth else { throw .tree(.tooDeep) }
      open.append(
        Level(
          entries: reader.entries(of: directory, promising: entry.subtree),
          pathCount: path.count
        )
      )
    }
  }
}
