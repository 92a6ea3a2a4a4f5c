import CoreTypes
package import Files
package import Restoring
package import Trees

/// What to restore, where to, and what to do about what is there.
package struct RestorePlan: Sendable {
  /// How a file whose content is wrong in part is made right.
  package enum Patching: Sendable {
    /// A copy is made right and takes the name: the file is either the old or the new one.
    case copy
    /// The file itself is overwritten where it is wrong.
    case inPlace
  }

  /// What happens to entries of the target that the snapshot lacks.
  package enum Extras: Sendable {
    case keep
    case remove
  }

  /// Whether anything is done.
  package enum Effect: Sendable {
    case restore
    /// Files are compared, and nothing is written.
    case foresee
  }

  /// Whether restored files are read back.
  package enum Proof: Sendable {
    case none
    case readBack
  }

  package let snapshot: Snapshot
  /// Path below the snapshot's only root, or absolute; empty for everything.
  package let subpath: [[UInt8]]
  /// The folder that is filled.
  package let target: [UInt8]
  package let workerCount: Int
  package let owners: OwnerRule
  /// `nil`: everything.
  package var filter: RestoreFilter?
  package var overwrite = OverwriteRule.always
  package var patching = Patching.copy
  package var extras = Extras.keep
  package var effect = Effect.restore
  package var proof = Proof.none
  /// Folders that are never removed with what the snapshot lacks: the repository itself, and what this process uses.
  package var untouchable: Set<FolderIdentity> = []

  package init(
    snapshot: Snapshot,
    subpath: [[UInt8]] = [],
    target: [UInt8],
    workerCount: Int,
    owners: OwnerRule
  ) {
    self.snapshot = snapshot
    self.subpath = subpath
    self.target = target
    self.workerCount = workerCount
    self.owners = owners
  }
}
