package import Restoring
import Synchronization
package import Trees

/// Figures of a running restore.
package struct RestoreCounters: Sendable, Equatable {
  /// Files that were written, whole or in part, or given another name.
  package var files = 0
  /// Files that were as they should be, or that stayed as they were, as asked.
  package var filesSkipped = 0
  /// Files whose attributes alone were wrong.
  package var filesTouched = 0
  /// Folders that were made, or whose attributes were wrong.
  package var folders = 0
  /// Folders that were as they should be.
  package var foldersSkipped = 0
  package var others = 0
  /// Entries that the snapshot lacks and that were removed.
  package var removed = 0
  /// Content that was written.
  package var bytes = 0
  /// Content that was there and right.
  package var bytesSkipped = 0
  /// Content that was read back.
  package var bytesReadBack = 0
  package var filesReadBack = 0
  package var errors = 0
  package init() {}
}

/// Where threads of a restore note what they did, and a display reads it.
package final class RestoreProgress: Sendable {
  private struct State {
    var counters = RestoreCounters()
    var findings: [RestoreFinding] = []
    var omitted = 0
    var current: [UInt8] = []
    var totals: TreeTotals?
  }

  /// Told of every entry, with its path below the target; from any thread.
  package typealias Journal =
    @Sendable (RestoreAction, _ path: [UInt8], _ byteCount: UInt64) -> Void

  /// Files that were begun under their own names and are not finished.
  package let unfinished = UnfinishedTally()
  private let state = Mutex(State())
  private let report: @Sendable (RestoreFinding) -> Void
  private let journal: Journal?
  private let reportRoom: @Sendable (RestoreRoom) -> Void
  private static let findingLimit = 10_000

  /// All are called from any thread.
  ///
  /// `report` gets each finding as it comes, and `reportRoom`, first, that the target may have too little room.
  package init(
    journal: Journal? = nil,
    report: @escaping @Sendable (RestoreFinding) -> Void = { _ in },
    reportRoom: @escaping @Sendable (RestoreRoom) -> Void = { _ in }
  ) {
    self.journal = journal
    self.report = report
    self.reportRoom = reportRoom
  }

  package var counters: RestoreCounters { state.withLock { $0.counters } }
  package var current: [UInt8] { state.withLock { $0.current } }
  /// What is to be restored in all; `nil` if that is not known, because patterns choose.
  package var totals: TreeTotals? { state.withLock { $0.totals } }
  /// What could not be restored, and how many findings more there were.
  package var findings: (kept: [RestoreFinding], omitted: Int) {
    state.withLock { ($0.findings, $0.omitted) }
  }

  func add(_ change: (inout RestoreCounters) -> Void) {
    state.withLock { change(&$0.counters) }
  }

  /// Counts bytes; sums beyond what a number holds stay there, because a snapshot may claim any size.
  func add(_ byteCount: UInt64, to counter: WritableKeyPath<RestoreCounters, Int>) {
    state.withLock { state in
      let (sum, overflow) = state.counters[keyPath: counter].addingReportingOverflow(
        Int(clamping: byteCount)
      )
      state.counters[keyPath: counter] = overflow ? Int.max : sum
    }
  }

  func warn(of room: RestoreRoom) { reportRoom(room) }

  func working(on path: [UInt8]) { state.withLock { $0.current = path } }

  func expect(_ totals: TreeTotals?) { state.withLock { $0.totals = totals } }

  /// Tells whoever listens what was done with an entry.
  func act(_ action: RestoreAction, byteCount: UInt64 = 0, _ path: () -> [UInt8]) {
    guard let journal else { return }
    journal(action, path(), byteCount)
  }

  func note(_ finding: RestoreFinding) {
    state.withLock { state in
      state.counters.errors += 1
      if state.findings.count < RestoreProgress.findingLimit {
        state.findings.append(finding)
      } else {
        state.omitted += 1
      }
    }
    report(finding)
  }
}
