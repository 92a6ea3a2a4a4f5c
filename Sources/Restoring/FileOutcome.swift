import Synchronization

/// How the restore of one file went, for those who wait for it and need nothing else of it.
package final class FileOutcome: Sendable {
  /// How far it is.
  package enum Value: Sendable {
    case pending
    case whole
    case failed
  }

  private let state = Mutex(Value.pending)

  package init() {}

  package var value: Value { state.withLock { $0 } }

  /// Says how it went.
  package func settle(_ value: Value) { state.withLock { $0 = value } }
}
