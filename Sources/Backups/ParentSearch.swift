import CoreTypes
import Repositories
import Trees

/// A snapshot that a new one is compared with.
struct ParentSnapshot: Sendable {
  let id: RecordID
  private let roots: [SnapshotRoot]

  init(id: RecordID, _ snapshot: Snapshot) {
    self.id = id
    roots = snapshot.roots
  }

  /// The entry of a root.
  func root(named name: [UInt8]) -> TreeEntry? {
    roots.first { $0.path == name }?.entry
  }
}

/// Finds the snapshot that a new one follows: the newest of the same host and roots.
enum ParentSearch {
  /// Snapshots that are looked at, newest first.
  private static let searchLimit = 32

  /// The snapshot that the plan names, else the one that fits; `nil` if there is none.
  static func parent(
    of plan: BackupPlan,
    in log: RecordLog,
    repository: OpenRepository
  )
    throws(RepositoryError) -> ParentSnapshot?
  {
    if let id = plan.parent {
      // It was removed since it was named.
      guard let record = log.records[id], log.isLive(id) else {
        throw .unknownSnapshot(id.digest.short)
      }
      return ParentSnapshot(id: id, try repository.snapshot(record))
    }
    let wanted = plan.roots.roots.map(\.name)
    for record in log.snapshots.reversed().prefix(searchLimit) {
      do {
        let snapshot = try repository.snapshot(record)
        if snapshot.author?.host == plan.host, snapshot.roots.map(\.path) == wanted {
          return ParentSnapshot(id: record.id, snapshot)
        }
      } catch {
        // Ignored: a damaged snapshot is nobody's parent; `check` names it.
        continue
      }
    }
    return nil
  }
}
