/// What a log says: pure functions of a set of records. These are what a store without keys can
/// compute too.
extension Model {
  /// Rules 1–3: the objects that a store with this log must have.
  func required(_ log: Mask, in state: State) -> Mask {
    switch reading {
    case .objectByObject: requiredByObject(log, in: state)
    case .wholeCondemnations: requiredByCondemnation(log, in: state)
    }
  }

  private func requiredByObject(_ log: Mask, in state: State) -> Mask {
    var required: Mask = 0
    var condemnations: Mask = 0
    var condemned: Mask = 0
    for record in Members(log) where state.kinds[record] == Kind.condemnation.rawValue {
      condemnations |= .one(record)
      condemned |= state.condemns[record]
    }
    let ignoresConcurrency = !rules.contains(.condemnationSparesUnseenCommits)
    for record in Members(log) {
      let relied = state.relies[record]
      guard relied != 0 else { continue }
      var gone: Mask = 0
      if ignoresConcurrency {
        gone = condemned
      } else if relied & condemned != 0 {
        for condemnation in Members(condemnations)
        where state.ancestors[condemnation].has(record) {
          gone |= state.condemns[condemnation]
        }
      }
      required |= relied & ~gone
    }
    return required
  }

  private func requiredByCondemnation(_ log: Mask, in state: State) -> Mask {
    var added: Mask = 0
    for record in Members(log) { added |= state.adds[record] }
    return added & ~effectivelyCondemned(log, in: state)
  }

  private func effectivelyCondemned(_ log: Mask, in state: State) -> Mask {
    var result: Mask = 0
    for record in Members(log) where state.kind(record) == .condemnation {
      var isEffective = true
      for other in Members(log & ~Mask.one(record)) where state.kind(other) != .removal {
        let isOrdered = state.ancestors[record].has(other) || state.ancestors[other].has(record)
        isEffective = isEffective && isOrdered
      }
      if isEffective { result |= state.condemns[record] }
    }
    return result
  }

  /// Every object that some condemnation names.
  func condemned(_ log: Mask, in state: State) -> Mask {
    var result: Mask = 0
    for record in Members(log) { result |= state.condemns[record] }
    return result
  }

  /// Rule 3: condemned and not required: what may be swept.
  func dead(_ log: Mask, in state: State) -> Mask {
    let condemned = condemned(log, in: state)
    return condemned == 0 ? 0 : condemned & ~required(log, in: state)
  }

  /// Rule 5: what a writer may use, as far as the log says.
  func forbidden(_ log: Mask, in state: State) -> Mask {
    guard rules.contains(.deadObjectsAreNotUsed) else { return 0 }
    return switch reading {
    case .objectByObject: dead(log, in: state)
    case .wholeCondemnations: condemned(log, in: state)
    }
  }

  /// Rule 4: the snapshots that are not removed.
  func live(_ log: Mask, in state: State) -> Mask {
    var result: Mask = 0
    for record in Members(log)
    where state.kinds[record] == Kind.snapshot.rawValue && isLive(record, log, in: state) {
      result |= .one(record)
    }
    return result
  }

  private func isLive(_ snapshot: Int, _ log: Mask, in state: State) -> Bool {
    var removals: Mask = 0
    var holds: Mask = 0
    for record in Members(log) where state.subjects[record] == snapshot {
      if state.kinds[record] == Kind.removal.rawValue { removals |= .one(record) }
      if state.kinds[record] == Kind.hold.rawValue { holds |= .one(record) }
    }
    if removals == 0 { return true }
    if holds == 0 { return false }
    if rules.contains(.removalEndsSeenHolds) {
      for removal in Members(removals) { holds &= ~state.ancestors[removal] }
      return holds != 0
    }
    for removal in Members(removals) {
      var isBeaten = false
      for hold in Members(holds)
      where !state.ancestors[removal].has(hold) && !state.ancestors[hold].has(removal) {
        isBeaten = true
      }
      if !isBeaten { return false }
    }
    return true
  }

  /// The chunks that the live snapshots need which a store says it holds.
  func needed(by store: Store, in state: State) -> Mask {
    var result: Mask = 0
    for snapshot in Members(promised(by: store, in: state)) {
      result |= Mask(truncatingIfNeeded: state.subjects[snapshot])
    }
    return result
  }

  /// The chunks that the live snapshots need.
  func needed(_ log: Mask, in state: State) -> Mask {
    var result: Mask = 0
    for snapshot in Members(live(log, in: state)) {
      result |= Mask(truncatingIfNeeded: state.subjects[snapshot])
    }
    return result
  }
}
