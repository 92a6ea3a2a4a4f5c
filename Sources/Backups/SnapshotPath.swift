import Repositories
package import Trees

/// Finds paths inside snapshots.
package enum SnapshotPath {
  /// Depth of a tree that readers follow.
  ///
  /// Source: Formats/README.md §3.
  static let depthLimit = 4096

  /// The parts of `path` below a root, if the path is the root or lies below it.
  ///
  /// A path that does not begin with the root's own path is taken as below a snapshot's only root by the caller.
  package static func below(_ root: SnapshotRoot, _ path: [[UInt8]]) -> [[UInt8]]? {
    let parts = root.path.split(separator: UInt8(ascii: "/")).map { Array($0) }
    guard path.starts(with: parts) else { return nil }
    return Array(path.dropFirst(parts.count))
  }
}

extension TreeReadError<RepositoryError> {
  /// The failure of a run that this is.
  var backupError: BackupError {
    switch self {
    case .load(let error): .repository(error)
    case .malformed(let id, let error): .repository(.malformedTree(id, error))
    }
  }
}

extension TreeWriteError<BackupError> {
  /// The failure of a run that this is.
  var backupError: BackupError {
    switch self {
    case .store(let error): error
    case .illegal(let error): .tree(error)
    }
  }
}
