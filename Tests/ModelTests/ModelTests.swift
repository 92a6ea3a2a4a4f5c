import Testing

@Suite("Model: the rules hold")
struct ModelTests {
  @Test(arguments: Universe.explored)
  func `no order of steps breaks a promise in a small universe`(_ universe: Universe) {
    let result = Explorer(Model(universe: universe), stateLimit: 1_000_000).run()
    #expect(result.counterexample == nil, "\(result.counterexample?.description ?? "")")
    #expect(result.isExhaustive)
    print("model: \(universe.name): \(result.summary)")
  }

  @Test(.enabled(if: Effort.isLong), arguments: Universe.large)
  func `no order of steps breaks a promise in a larger universe`(_ universe: Universe) {
    let result = Explorer(Model(universe: universe), stateLimit: Effort.stateLimit).run()
    #expect(result.counterexample == nil, "\(result.counterexample?.description ?? "")")
    print("model: \(universe.name): \(result.summary)")
  }

  @Test(arguments: Universe.walked)
  func `no walk at random breaks a promise`(_ universe: Universe) {
    let walker = Walker(model: Model(universe: universe))
    var stepCount = 0
    for seed in 0..<UInt64(Effort.seedCount) {
      let (steps, trace) = walker.walk(seed: seed, steps: 400)
      stepCount += steps
      #expect(trace == nil, "seed \(seed)\n\(trace?.description ?? "")")
      if trace != nil { return }
    }
    print("model: \(universe.name): \(Effort.seedCount) walks, \(stepCount) steps")
  }

  @Test func `every sort of step is taken`() {
    var sorts: Mask = 0
    for universe in [Universe.oneChunk, .holds] {
      sorts |= Explorer(Model(universe: universe), stateLimit: 30_000).run().sorts
    }
    #expect(sorts == .first(12))
  }
}

extension Explorer.Result {
  var summary: String {
    "\(stateCount) states, \(stepCount) steps, depth \(depth), "
      + (isExhaustive ? "all of them" : "stopped at the limit")
  }
}
