import Synchronization

/// Figures of a running backup.
package struct BackupCounters: Sendable, Equatable {
  package var filesNew = 0
  package var filesUnmodified = 0
  package var folders = 0
  package var others = 0
  /// Bytes of all files, read or not.
  package var bytesSeen = 0
  /// Bytes that were read.
  package var bytesRead = 0
  /// Plaintext of chunks that the store lacked.
  package var bytesAdded = 0
  /// Bytes written to packs.
  package var bytesStored = 0
  package var objectsStored = 0
  package var packsStored = 0
  package var errors = 0
  package init() {}
}

/// Where threads of a backup note what they did, and a display reads it.
package final class BackupProgress: Sendable {
  private struct State {
    var counters = BackupCounters()
    var current: [UInt8] = []
    var findings: [SourceFinding] = []
    var omitted = 0
  }

  private let state = Mutex(State())
  private let report: @Sendable (SourceFinding) -> Void
  /// Findings that are kept for the summary.
  private static let findingLimit = 10_000

  /// `report` is called for each finding as it comes, from any thread.
  package init(report: @escaping @Sendable (SourceFinding) -> Void = { _ in }) {
    self.report = report
  }

  /// The figures now.
  package var counters: BackupCounters { state.withLock { $0.counters } }

  /// The path that was worked on last.
  package var current: [UInt8] { state.withLock { $0.current } }

  func add(_ change: (inout BackupCounters) -> Void) {
    state.withLock { change(&$0.counters) }
  }

  func working(on path: [UInt8]) {
    state.withLock { $0.current = path }
  }

  func note(_ finding: SourceFinding) {
    state.withLock { state in
      if finding.isLoss { state.counters.errors += 1 }
      if state.findings.count < BackupProgress.findingLimit {
        state.findings.append(finding)
      } else {
        state.omitted += 1
      }
    }
    report(finding)
  }

  var findings: (kept: [SourceFinding], omitted: Int) {
    state.withLock { ($0.findings, $0.omitted) }
  }
}
