import Sealing
import CoreTypes
package import Repositories
package import Trees

/// Walks what a snapshot holds, in order of path.
package struct SnapshotListing {
  private let reader: TreeReader<RepositoryError>

  package init(repository: OpenRepository) throws(RepositoryError) {
    let source = try ChunkSource(repository: repository)
    reader = TreeReader { id throws(RepositoryError) in
      try source.bytes(of: id, kind: .tree)
    }
  }

  /// Calls `body` with the absolute path and entry of everything at or below `path`, or of everything.
  package func forEachEntry(
    of snapshot: Snapshot,
    below path: [[UInt8]]?,
    isRecursive: Bool,
    _ body: (_ path: [UInt8], TreeEntry) -> Void
  ) throws(BackupError) {
    var found = false
    for root in snapshot.roots {
      guard let path else {
        try walk(root.entry, at: root.path, isRecursive: isRecursive, body)
        found = true
        continue
      }
      guard let below = SnapshotPath.below(root, path),
        let entry = try lookUp(below, in: root.entry)
      else { continue }
      let slash = UInt8(ascii: "/")
      try walk(
        entry,
        at: [slash] + path.joined(separator: [slash]),
        isRecursive: isRecursive,
        body
      )
      found = true
    }
    if !found, let path {
      throw .noSuchPath(Array(path.joined(separator: [UInt8(ascii: "/")])))
    }
  }

  private func lookUp(_ path: [[UInt8]], in root: TreeEntry) throws(BackupError) -> TreeEntry? {
    guard !path.isEmpty else { return root }
    guard let directory = root.directory else { return nil }
    do {
      return try reader.entry(atPath: path, in: directory)
    } catch {
      throw error.backupError
    }
  }

  private func walk(
    _ top: TreeEntry,
    at path: [UInt8],
    isRecursive: Bool,
    _ body: (_ path: [UInt8], TreeEntry) -> Void
  ) throws(BackupError) {
    body(path, top)
    guard let directory = top.directory else { return }
    struct Level {
      let path: [UInt8]
      var entries: DirectoryCursor<RepositoryError>
    }
    var stack = [Level(path: path, entries: reader.entries(of: directory))]
    while var level = stack.popLast() {
      let next: TreeEntry?
      do {
        next = try level.entries.next()
      } catch {
        throw error.backupError
      }
      guard let entry = next else { continue }
      let slash = UInt8(ascii: "/")
      let below = level.path == [slash] ? [slash] + entry.name : level.path + [slash] + entry.name
      body(below, entry)
      stack.append(level)
      if isRecursive, let directory = entry.directory {
        guard stack.count < SnapshotPath.depthLimit else { throw .tree(.tooDeep) }
        stack.append(Level(path: below, entries: reader.entries(of: directory)))
      }
    }
  }
}
