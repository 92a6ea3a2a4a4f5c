import CoreTypes
import Repositories
import Synchronization
import Threading

/// Objects that several threads wait for, and the one thread that fetches them.
///
/// Each thread waits for one object, so no more of them are held than there are threads.
final class ObjectRequests: Sendable {
  private struct State {
    /// Threads that wait, by object.
    var waiting: [ObjectID: Int] = [:]
    var answers: [ObjectID: SpareObject?] = [:]
    /// Asked for, and not yet taken by the thread that fetches.
    var new: [ObjectID] = []
    var isOver = false
    /// The thread that fetches has ended: nothing more is answered.
    var isEnded = false
  }

  private let state = Monitor(State())
  private let wake = Mutex<(@Sendable () -> Void)?>(nil)

  // MARK: For those who wait

  /// The object; waits for it.
  ///
  /// `nil` if it is not to be had.
  func object(_ id: ObjectID) -> SpareObject? {
    let isEnded = state.update { state in
      guard !state.isEnded, !state.isOver else { return true }
      // Whoever comes while an answer is being handed out takes part in it.
      if state.waiting[id] == nil { state.new.append(id) }
      state.waiting[id, default: 0] += 1
      return false
    }
    guard !isEnded else { return nil }
    wake.withLock { $0 }?()
    return state.waitAndUpdate(until: { $0.answers[id] != nil || $0.isEnded }) { state in
      let answer = state.answers[id] ?? nil
      let left = (state.waiting[id] ?? 1) - 1
      state.waiting[id] = left > 0 ? left : nil
      if left <= 0 { state.answers[id] = nil }
      return answer
    }
  }

  /// No more will be asked for.
  func close() {
    state.update { $0.isOver = true }
    wake.withLock { $0 }?()
  }

  // MARK: For the thread that fetches

  /// What is to be called when something new is asked for.
  func attach(_ wake: @escaping @Sendable () -> Void) { self.wake.withLock { $0 = wake } }

  /// What was asked for since the last call, and whether that was all.
  func take() -> (ids: [ObjectID], isOver: Bool) {
    state.update { state in
      defer { state.new = [] }
      return (state.new, state.isOver)
    }
  }

  /// An object as it came; `nil`: the other end lacks it.
  func answer(_ id: ObjectID, _ object: SpareObject?) {
    state.update { state in
      if state.waiting[id] != nil { state.answers[id] = .some(object) }
    }
  }

  /// Nothing more is answered.
  func end() { state.update { $0.isEnded = true } }
}
