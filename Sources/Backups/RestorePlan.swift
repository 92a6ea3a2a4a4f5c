import CoreTypes
import Repositories
package import Trees

/// What to restore, and where to.
package struct RestorePlan: Sendable {
  package let snapshot: Snapshot
  /// Path below the snapshot's only root, or absolute; empty for everything.
  package let subpath: [[UInt8]]
  /// The folder that is filled.
  package let target: [UInt8]
  package let workerCount: Int
  /// False for an ordinary user.
  package let setsOwner: Bool

  package init(
    snapshot: Snapshot,
    subpath: [[UInt8]] = [],
    target: [UInt8],
    workerCount: Int,
    setsOwner: Bool
  ) {
    self.snapshot = snapshot
    self.subpath = subpath
    self.target = target
    self.workerCount = workerCount
    self.setsOwner = setsOwner
  }
}

/// Figures of a running restore or check.
package struct RestoreCounters: Sendable, Equatable {
  package var files = 0
  package var folders = 0
  package var others = 0
  package var bytes = 0
  package var errors = 0
  package init() {}
}
