import Synchronization

/// Keeps the first of the errors that several threads meet.
package final class FirstFailure<Failure: Error>: Sendable {
  private let error = Mutex<Failure?>(nil)
  private let flag = Atomic<Bool>(false)

  package init() {}

  /// Keeps the error if it is the first.
  package func record(_ failure: Failure) {
    error.withLock { if $0 == nil { $0 = failure } }
    flag.store(true, ordering: .releasing)
  }

  /// True once there is one.
  ///
  /// Cheap enough to ask for each file.
  package var isSet: Bool { flag.load(ordering: .acquiring) }

  /// The first error.
  package var value: Failure? { error.withLock { $0 } }
}
