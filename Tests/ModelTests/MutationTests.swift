import Testing

/// A rule that is switched off, and the small universe in which that must show.
struct Mutation: CustomTestStringConvertible {
  let name: String
  let rule: Rules
  let universe: Universe
  let promises: Promises

  init(
    _ name: String,
    _ rule: Rules,
    _ universe: Universe,
    breaks promises: Promises = .all
  ) {
    self.name = name
    self.rule = rule
    self.universe = universe
    self.promises = promises
  }

  var testDescription: String { name }

  static let all: [Mutation] = [
    Mutation(
      "1: a condemnation takes what a concurrent commit relies on",
      .condemnationSparesUnseenCommits,
      .twoStores,
      breaks: .snapshotsAreComplete
    ),
    Mutation(
      "2: concurrent condemnations of each other's replacements both stand",
      .condemnationReliesOnReplacements,
      .twoStores,
      breaks: .snapshotsAreComplete
    ),
    Mutation("2: a hold relies on nothing", .holdRelies, .holds),
    Mutation(
      "2: a commit relies on what it never heard of",
      .commitReliesOnlyOnKnownObjects,
      .twoStores
    ),
    Mutation("4: a hold outlives a removal that saw it", .removalEndsSeenHolds, .holds),
    Mutation("5: presence is asked of the catalog", .presenceIsAskedOfStore, .twoStores),
    Mutation("5: dead objects are used", .deadObjectsAreNotUsed, .oneStore),
    Mutation("5: damaged objects are used", .damagedObjectsAreNotUsed, .damage),
    Mutation("7: what was resolved is not checked again", .resolvedIsCheckedAgain, .oneStore),
    Mutation("7: the pin is not checked again", .pinIsCheckedAgain, .oneStore),
    Mutation("8: only new objects are named as replacements", .oldHoldersAreNamed, .twoStores),
    Mutation("9: a stale mark is committed", .collectorMarksAgain, .oneStore),
    Mutation("10: a sweep decides first and deletes later", .sweepIsOneStep, .twoStores),
    Mutation(
      "10: a store sweeps while required objects are missing",
      .requiredIsPresentBeforeSweep,
      .damage
    ),
    Mutation("11: records travel before objects", .objectsBeforeRecords, .twoStores),
    Mutation(
      "11: a receiver looks only at what new records add",
      .mergedLogIsComplete,
      .twoStores
    ),
    Mutation("12: records travel one by one", .recordsTravelTogether, .twoStores),
    Mutation(
      "13: what took the place of a chosen object is not chosen",
      .chosenFollowsReplacements,
      .selecting
    ),
    Mutation("14: a whole store is made to leave something out", .wholeStaysWhole, .selecting),
    Mutation("14: another choice takes the place of the first", .selectionOnlyGrows, .selecting),
    Mutation(
      "14: a damaged selection is read as an empty one",
      .unreadableAsksForEverything,
      .selectingDamage
    ),
    Mutation(
      "14: another choice takes the place of a damaged one",
      .unreadableTakesNoSelection,
      .selectingDamage
    ),
    Mutation(
      "15: a backup goes to a selecting store",
      .selectingTakesNoRecords,
      .selectingBackups,
      breaks: .snapshotsAreComplete
    ),
    Mutation(
      "15: a backup asks only when it begins",
      .selectingIsAskedWithCommit,
      .selecting
    ),
    Mutation("16: a store is called whole before it is", .wholeAsksForEverything, .selecting),
  ]
}

@Suite("Model: each rule is needed")
struct MutationTests {
  @Test(arguments: Mutation.all)
  func `without the rule a promise is broken`(_ mutation: Mutation) {
    let model = Model(universe: mutation.universe, rules: .without(mutation.rule))
    let explorer = Explorer(model, promises: mutation.promises, stateLimit: 1_000_000)
    let result = explorer.run()
    #expect(result.counterexample != nil, "\(result.summary)")
    if Effort.printsTraces, let trace = result.counterexample {
      print("\(mutation.name)\n\(trace)\n")
    }
  }

  @Test func `every rule has a mutation`() {
    var rules: Rules = []
    for mutation in Mutation.all { rules.formUnion(mutation.rule) }
    #expect(rules == .all)
  }

  @Test func `whole condemnations leave two stores that can never meet`() {
    let model = Model(universe: .twoStores, reading: .wholeCondemnations)
    let result = Explorer(model, promises: .storesConverge, stateLimit: 1_000_000).run()
    #expect(result.counterexample != nil, "\(result.summary)")
    if Effort.printsTraces, let trace = result.counterexample { print("whole:\n\(trace)\n") }
  }

  @Test func `whole condemnations keep snapshots complete, as far as records get through`() {
    let model = Model(universe: .twoStores, reading: .wholeCondemnations)
    let explorer = Explorer(
      model,
      promises: .snapshotsAreComplete,
      stateLimit: Effort.isLong ? Effort.stateLimit : 60_000
    )
    let result = explorer.run()
    #expect(result.counterexample == nil, "\(result.counterexample?.description ?? "")")
    print("model: whole condemnations, snapshots only: \(result.summary)")
  }

  @Test func `a walk at random can fail too`() {
    let rules = Rules.without(.condemnationSparesUnseenCommits)
    let walker = Walker(model: Model(universe: Universe.walked[0], rules: rules))
    let found = (0..<UInt64(100)).contains { seed in
      walker.walk(seed: seed, steps: 400).counterexample != nil
    }
    #expect(found)
  }
}
