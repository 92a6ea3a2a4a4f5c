package import CoreTypes

/// What a backup did.
package struct BackupSummary: Sendable {
  package let snapshot: RecordID
  package let progress: BackupCounters
  package let findings: [SourceFinding]
  /// Findings beyond those kept in `findings`.
  package let omittedFindingCount: Int
}

/// What a backup would do.
package struct BackupRehearsal: Sendable {
  package let progress: BackupCounters
  package let findings: [SourceFinding]
  /// Findings beyond those kept in `findings`.
  package let omittedFindingCount: Int
}
