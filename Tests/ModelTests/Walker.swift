import TestSupport
extension SplitMix64 {
  /// A number below `bound`, nearly even.
  fileprivate mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next() &>> 33) % bound
  }
}

/// One long walk at random through a universe too large to explore.
struct Walker {
  let model: Model
  var promises = Promises.all

  /// The fault that this seed finds, and the number of steps taken.
  func walk(seed: UInt64, steps: Int) -> (stepCount: Int, counterexample: Trace?) {
    var random = SplitMix64(seed: seed)
    let start = model.start()
    var state = start
    var path: [Action] = []
    for step in 0..<steps {
      let choices = model.actions(in: state)
      guard let action = choose(among: choices, &random) else { return (step, nil) }
      path.append(action)
      state = model.after(action, state)
      if model.fault(in: state, of: promises) != nil {
        return (step + 1, Trace(model, start: start, actions: path, promises: promises))
      }
    }
    return (steps, nil)
  }

  /// First a sort of step, so that the many ways to begin do not drown the rest.
  private func choose(among actions: [Action], _ random: inout SplitMix64) -> Action? {
    guard !actions.isEmpty else { return nil }
    var sorts: Mask = 0
    for action in actions { sorts |= .one(action.sort) }
    // Crashes are among the sorts, but four times rarer.
    if sorts & ~Mask.one(Action.crashSort) != 0, random.below(4) != 0 {
      sorts &= ~Mask.one(Action.crashSort)
    }
    let sort = Array(Members(sorts))[random.below(sorts.nonzeroBitCount)]
    let some = actions.filter { $0.sort == sort }
    return some[random.below(some.count)]
  }
}

extension Action {
  static let crashSort = 0

  /// Which sort of step this is, below 12.
  var sort: Int {
    switch self {
    case .crashWriter, .crashCollector, .damage, .loseSelection: Action.crashSort
    case .begin: 1
    case .reuse: 2
    case .upload: 3
    case .commit: 4
    case .mark: 5
    case .condemn: 6
    case .decide, .delete, .sweep: 7
    case .remove: 8
    case .hold: 9
    case .copy: 10
    case .accept, .announce, .choose: 11
    }
  }
}
