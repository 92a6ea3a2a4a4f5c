import Backups
import Commands
import Files
import Repositories
import Restoring
import Storage
import Threading
import Trees

/// How a restore is made.
public struct RestoreOptions: Sendable {
  /// What is in the target and not in the snapshot.
  public enum Extras: Sendable {
    case keep
    /// Removed; never across a mount point.
    case remove
  }

  /// A folder or file of the snapshot, absolute or below its only root; `nil` is everything.
  public var path: String?
  /// What is done with what the snapshot lacks.
  public var extras = Extras.keep
  /// Threads that decompress and write, at least 1; `nil` is one a core.
  public var workerCount: Int?
  /// Asked now and then, from any thread; true stops the restore.
  public var isStopped: @Sendable () -> Bool = { false }

  /// Everything, beside what is there.
  public init() {}
}

/// What a restore did.
public struct RestoreReport: Sendable {
  /// Files written, or made right.
  public let fileCount: Int
  /// Files that were there already, as they should be.
  public let unchangedFileCount: Int
  /// Bytes written.
  public let byteCount: Int
  /// What could not be restored as it was: one text each, at most 10,000.
  public let problems: [String]
}

extension Repository {
  /// Fills the folder `target` with a snapshot's content; what is right there already is left as it is.
  ///
  /// A snapshot of one folder fills it with that folder's content, one of several with their full paths. Nothing outside is written, and
  /// no link is followed. `name` is the start of an id, `latest`, or `latest~N`.
  public func restore(
    _ name: String,
    to target: String,
    options: RestoreOptions = RestoreOptions()
  ) throws(KistError) -> RestoreReport {
    try KistError.explaining {
      guard !target.isEmpty else { throw KistError(.usage, "an empty path names no folder") }
      guard !options.isStopped() else { throw BackupError.interrupted }
      try open.refresh()
      let record = try open.findSnapshot(name)
      try open.requireHeld(record.id)
      let snapshot = try open.snapshot(record)
      var plan = RestorePlan(
        snapshot: snapshot,
        subpath: try options.path.map { try parts(of: $0, in: snapshot) } ?? [],
        target: Array(target.utf8),
        workerCount: max(1, options.workerCount ?? usableProcessorCount()),
        owners: OwnerRule(
          wish: .snapshot(OwnerMap()),
          userID: ProcessEnvironment.userID,
          groupID: ProcessEnvironment.groupID
        )
      )
      plan.extras = options.extras == .remove ? .remove : .keep
      let folders = try client.folders()
      plan.untouchable = Set(
        [folders.cache, folders.state, directory.location].compactMap { FolderIdentity(path: $0) }
      )
      let progress = RestoreProgress()
      try RestorePipeline(
        repository: open,
        plan: plan,
        progress: progress,
        interruption: options.isStopped
      ).run()
      let counters = progress.counters
      return RestoreReport(
        fileCount: counters.files,
        unchangedFileCount: counters.filesSkipped,
        byteCount: counters.bytes,
        problems: progress.findings.kept.map { Wording.text($0) }
      )
    }
  }

  /// The names of an absolute path; one that is not absolute is below the snapshot's only root.
  private func parts(of path: String, in snapshot: Trees.Snapshot) throws -> [[UInt8]] {
    let slash = UInt8(ascii: "/")
    let parts = path.utf8.split(separator: slash).map { Array($0) }
    if path.utf8.first == slash { return parts }
    guard snapshot.roots.count == 1, let root = snapshot.roots.first else {
      throw KistError(.usage, "\(path) is not absolute, and the snapshot has several roots")
    }
    return root.path.split(separator: slash).map { Array($0) } + parts
  }
}
