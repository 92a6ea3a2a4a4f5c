import Backups
import Commands
import Repositories
import Threading

/// How much a check reads.
public enum CheckDepth: Sendable {
  /// Records, lists, trees, and that everything they name is there.
  case structure
  /// Every stored byte, too.
  case everything
}

/// What a check found.
public struct CheckResult: Sendable {
  /// Snapshots that were walked.
  public let snapshotCount: Int
  /// Objects in all packs.
  public let objectCount: Int
  /// Bytes of packs that were read.
  public let readByteCount: Int
  /// What is damaged or missing: one text each; empty if the repository is whole.
  public let problems: [String]
  /// Names, within the repository, of files and folders that do not belong there and do no harm.
  public let strangers: [String]

  /// True if nothing was found.
  public var isWhole: Bool { problems.isEmpty }
}

extension Repository {
  /// Proves the repository; what is found damaged is stored anew by the next backup of the same files.
  ///
  /// `isStopped` is asked now and then, from any thread; true stops the check.
  public func check(
    _ depth: CheckDepth = .structure,
    isStopped: @escaping @Sendable () -> Bool = { false }
  ) throws(KistError) -> CheckResult {
    try KistError.explaining {
      try open.refresh()
      let report = try CheckPipeline(
        repository: open,
        reading: depth == .everything ? .everything : .heads,
        workerCount: usableProcessorCount(),
        progress: { _, _, _ in },
        interruption: isStopped
      ).run()
      if report.isInterrupted { throw BackupError.interrupted }
      return CheckResult(
        snapshotCount: report.snapshots,
        objectCount: report.objects,
        readByteCount: report.bytesRead,
        problems: report.findings.map { Wording.text($0) },
        strangers: report.strangers
      )
    }
  }
}
