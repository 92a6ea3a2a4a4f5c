package import CoreTypes
package import Sealing
package import Scanning

/// What to back up, and how.
package struct BackupPlan: Sendable {
  package let roots: BackupRoots
  package let compression: CompressionChoice
  /// Threads that read, compress and seal; at least one.
  package let workerCount: Int
  package let host: String
  package let user: String
  package let program: String
  package let tags: [String]
  /// Start of the run, by the wall clock.
  package let time: PointInTime
  /// The time that the snapshot bears, if it is another than that of the run.
  package var statedTime: PointInTime?
  /// What is left out.
  package var rules = SourceRules()
  /// Read instead of files; it has the path of the only root.
  package var stream: BackupStream?
  /// How files are told that need not be read.
  package var detection = ChangeDetection.changeTime
  /// The snapshot that this one follows and is compared with; `nil` finds it.
  package var parent: RecordID?
  /// Bytes a second that go to the store at most.
  package var uploadLimit: Int?
  package var effect = BackupEffect.snapshot

  package init(
    roots: BackupRoots,
    compression: CompressionChoice = .standard,
    workerCount: Int,
    host: String,
    user: String,
    program: String,
    tags: [String] = [],
    time: PointInTime
  ) {
    precondition(workerCount >= 1)
    self.roots = roots
    self.compression = compression
    self.workerCount = workerCount
    self.host = host
    self.user = user
    self.program = program
    self.tags = tags
    self.time = time
  }

  /// A plan for absolute, clean paths.
  package init(
    roots: [[UInt8]],
    compression: CompressionChoice = .standard,
    workerCount: Int,
    host: String,
    user: String,
    program: String,
    tags: [String] = [],
    time: PointInTime
  ) {
    self.init(
      roots: BackupRoots(roots),
      compression: compression,
      workerCount: workerCount,
      host: host,
      user: user,
      program: program,
      tags: tags,
      time: time
    )
  }
}

/// How files are told that need not be read.
package enum ChangeDetection: Sendable {
  /// The scan cache knows them: inode, size, and both times are as they were.
  case changeTime
  /// Size and modification time are as in the scan cache or in the snapshot before.
  case modificationTime
  /// None is: every file is read.
  case read
}

/// What a run leaves behind.
package enum BackupEffect: Sendable {
  case snapshot
  /// Nothing: it only says what a snapshot would add.
  case rehearsal
}
