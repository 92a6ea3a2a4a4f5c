/// How a state breaks a promise.
enum Fault: Equatable, CustomStringConvertible {
  /// Promise 1: a live snapshot misses a chunk in its store, and not through damage.
  case incomplete(store: Int, snapshot: Int, chunk: Int)
  /// Promise 1, at the moment itself: a commit was acknowledged without all its chunks.
  case acknowledgedIncomplete
  /// Promise 2: the log requires an object that the store does not have.
  case missing(store: Int, object: Int)
  /// Promise 2: what the log requires does not hold a chunk that a live snapshot needs.
  case uncovered(store: Int, chunk: Int)
  /// Promise 1: a store no longer says that it holds a snapshot of which it said so.
  case withdrawn
  /// Promise 3: two stores can never come to the same log.
  case stuck

  var description: String {
    switch self {
    case .incomplete(let store, let snapshot, let chunk):
      "snapshot r\(snapshot) misses chunk \(chunk) at \(store == 0 ? "A" : "B")"
    case .acknowledgedIncomplete: "a snapshot was acknowledged while a chunk of it was missing"
    case .missing(let store, let object):
      "the log of \(store == 0 ? "A" : "B") requires o\(object), which is not there"
    case .uncovered(let store, let chunk):
      "nothing that the log of \(store == 0 ? "A" : "B") requires holds chunk \(chunk)"
    case .withdrawn: "a store no longer promises, or never did, what it had taken"
    case .stuck: "no mirror can bring both stores to one log: what that requires is nowhere"
    }
  }
}

/// Which promises are looked at.
struct Promises: OptionSet {
  let rawValue: UInt8
  static let snapshotsAreComplete = Promises(rawValue: 1)
  static let logsAreComplete = Promises(rawValue: 2)
  static let storesConverge = Promises(rawValue: 4)
  static let promisesStay = Promises(rawValue: 8)
  static let all: Promises = [
    .snapshotsAreComplete, .logsAreComplete, .storesConverge, .promisesStay,
  ]
}

extension Model {
  /// The first promise that a state breaks.
  func fault(in state: State, of promises: Promises) -> Fault? {
    if promises.contains(.snapshotsAreComplete) {
      if state.wasAcknowledgedIncomplete { return .acknowledgedIncomplete }
      for store in 0..<universe.storeCount {
        if let fault = incompleteSnapshot(at: store, in: state) { return fault }
      }
    }
    if promises.contains(.promisesStay), state.wasPromiseBroken { return .withdrawn }
    if promises.contains(.logsAreComplete) {
      for store in 0..<universe.storeCount {
        let here = state.stores[store]
        let required = demanded(here.log, of: here, in: state)
        let uncovered = needed(by: here, in: state) & ~state.chunks(in: required)
        if uncovered != 0 {
          return .uncovered(store: store, chunk: uncovered.trailingZeroBitCount)
        }
        let missing = required & ~(here.present | here.damaged)
        if missing != 0 {
          return .missing(store: store, object: missing.trailingZeroBitCount)
        }
      }
    }
    if promises.contains(.storesConverge), universe.storeCount == 2, state.damageCount == 0,
      !canConverge(state)
    {
      return .stuck
    }
    return nil
  }

  private func incompleteSnapshot(at store: Int, in state: State) -> Fault? {
    let here = state.stores[store]
    let there = state.chunks(in: here.present) | here.lost
    for snapshot in Members(promised(by: here, in: state)) {
      let missing = Mask(truncatingIfNeeded: state.subjects[snapshot]) & ~there
      if missing != 0 {
        return .incomplete(
          store: store,
          snapshot: snapshot,
          chunk: missing.trailingZeroBitCount
        )
      }
    }
    return nil
  }
}
