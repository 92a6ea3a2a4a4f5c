package import CoreTypes
package import Sealing

/// What to back up, and how.
package struct BackupPlan: Sendable {
  /// Absolute, cleaned paths; sorted and distinct.
  package let roots: [[UInt8]]
  package let compression: CompressionChoice
  /// Threads that read, compress and seal; at least one.
  package let workerCount: Int
  package let host: String
  package let user: String
  package let program: String
  package let tags: [String]
  /// Start of the run, by the wall clock.
  package let time: PointInTime

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
}

/// Something in the source that could not be saved as it was; the backup goes on.
package struct SourceFinding: Sendable {
  /// What was wrong.
  package enum Reason: Sendable {
    /// The system refused; the entry is not in the snapshot.
    case unreadable(operation: String, errno: Int32)
    /// Attributes could not be read; the entry is saved without them.
    case attributesUnreadable(operation: String, errno: Int32)
    /// The file changed while it was read; what was seen is saved and marked.
    case torn
    /// Was there when the folder was listed, and gone when it was opened.
    case vanished
    /// A socket: there is nothing in it to save.
    case socket
    /// The entry became something else between listing and opening.
    case replaced
  }

  /// Absolute path.
  package let path: [UInt8]
  package let reason: Reason

  /// True if the snapshot lacks something because of this.
  package var isLoss: Bool {
    switch reason {
    case .unreadable, .attributesUnreadable, .torn, .vanished, .replaced: true
    case .socket: false
    }
  }
}

/// What a backup did.
package struct BackupSummary: Sendable {
  package let snapshot: RecordID
  package let progress: BackupCounters
  package let findings: [SourceFinding]
  /// Findings beyond those kept in `findings`.
  package let omittedFindingCount: Int
}
