/// Every state within some number of steps, breadth first: the first fault found has a shortest
/// trace.
struct Explorer {
  struct Result {
    var stateCount = 0
    var stepCount = 0
    var depth = 0
    /// The sorts of step that were taken.
    var sorts: Mask = 0
    /// No state was left unexplored.
    var isExhaustive = false
    var counterexample: Trace?
  }

  let model: Model
  let promises: Promises
  let stateLimit: Int

  init(_ model: Model, promises: Promises = .all, stateLimit: Int) {
    self.model = model
    self.promises = promises
    self.stateLimit = stateLimit
  }

  func run() -> Result {
    var result = Result()
    let start = model.start()
    var found = Found()
    _ = found.insert(start.fingerprint, from: 0)
    // Only the states of one level are kept whole; the way to one is found again when needed.
    var level = [start]
    var levelStart = 0
    while !level.isEmpty {
      var nextLevel: [State] = []
      for (place, state) in level.enumerated() {
        guard found.count < stateLimit else {
          result.stateCount = found.count
          return result
        }
        for action in model.actions(in: state) {
          let after = model.after(action, state)
          result.stepCount += 1
          result.sorts |= .one(action.sort)
          guard found.insert(after.fingerprint, from: levelStart + place) else { continue }
          guard model.fault(in: after, of: promises) == nil else {
            let actions = way(to: found.count - 1, found)
            result.counterexample = Trace(
              model,
              start: start,
              actions: actions,
              promises: promises
            )
            result.stateCount = found.count
            return result
          }
          nextLevel.append(after)
        }
      }
      levelStart += level.count
      level = nextLevel
      result.depth += level.isEmpty ? 0 : 1
    }
    result.stateCount = found.count
    result.isExhaustive = true
    return result
  }

  /// The actions from the start to a state, by its number.
  private func way(to number: Int, _ found: Found) -> [Action] {
    var way: [Action] = []
    var state = model.start()
    for goal in found.fingerprints(to: number) {
      let length = way.count
      for action in model.actions(in: state) {
        let after = model.after(action, state)
        guard after.fingerprint == goal else { continue }
        way.append(action)
        state = after
        break
      }
      precondition(way.count == length + 1, "worlds of one fingerprint must have the same future")
    }
    return way
  }
}

/// The states found so far: fingerprints in the order of finding, and where each came from.
private struct Found {
  private var prints: [UInt64] = []
  private var origins: [UInt32] = []
  private var seen: Set<UInt64> = []

  var count: Int { prints.count }

  mutating func insert(_ print: UInt64, from origin: Int) -> Bool {
    guard seen.insert(print).inserted else { return false }
    prints.append(print)
    origins.append(UInt32(truncatingIfNeeded: origin))
    return true
  }

  /// The fingerprints on the way from the start, itself left out, to a state.
  func fingerprints(to number: Int) -> [UInt64] {
    var result: [UInt64] = []
    var number = number
    while number != 0 {
      result.append(prints[number])
      number = Int(origins[number])
    }
    return result.reversed()
  }
}

extension Model {
  /// One snapshot in every store, of the objects with which this universe begins.
  func start() -> State {
    var state = State()
    guard !universe.beginning.isEmpty else { return state }
    var needs: Mask = 0
    for chunks in universe.beginning {
      _ = upload(chunks, to: 0, in: &state)
      needs |= chunks
    }
    writeSnapshot(of: needs, uses: .first(state.objectCount), at: 0, in: &state)
    if universe.storeCount == 2, !universe.selects {
      state.stores.second = state.stores.first
    }
    return state
  }
}
