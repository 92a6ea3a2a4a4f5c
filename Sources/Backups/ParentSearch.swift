import CoreTypes
import Repositories
import Trees

/// Finds the snapshot that a new one follows: the newest of the same host and roots.
enum ParentSearch {
  /// Snapshots that are looked at, newest first.
  private static let searchLimit = 32

  static func parent(
    of plan: BackupPlan,
    in log: RecordLog,
    repository: OpenRepository
  )
    -> RecordID?
  {
    for record in log.snapshots.reversed().prefix(searchLimit) {
      do {
        let snapshot = try repository.snapshot(record)
        if snapshot.author?.host == plan.host, snapshot.roots.map(\.path) == plan.roots {
          return record.id
        }
      } catch {
        // Ignored: a damaged snapshot is nobody's parent; `check` names it.
        continue
      }
    }
    return nil
  }
}
