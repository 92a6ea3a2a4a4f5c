package import Restoring
import Synchronization

/// Where threads of a restore note what they did, and a display reads it.
package final class RestoreProgress: Sendable {
  private struct State {
    var counters = RestoreCounters()
    var findings: [RestoreFinding] = []
    var omitted = 0
    var current: [UInt8] = []
  }

  private let state = Mutex(State())
  private let report: @Sendable (RestoreFinding) -> Void
  private static let findingLimit = 10_000

  /// `report` is called for each finding as it comes, from any thread.
  package init(report: @escaping @Sendable (RestoreFinding) -> Void = { _ in }) {
    self.report = report
  }

  package var counters: RestoreCounters { state.withLock { $0.counters } }
  package var current: [UInt8] { state.withLock { $0.current } }
  /// What could not be restored, and how many findings more there were.
  package var findings: (kept: [RestoreFinding], omitted: Int) {
    state.withLock { ($0.findings, $0.omitted) }
  }

  func add(_ change: (inout RestoreCounters) -> Void) {
    state.withLock { change(&$0.counters) }
  }

  func working(on path: [UInt8]) { state.withLock { $0.current = path } }

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
