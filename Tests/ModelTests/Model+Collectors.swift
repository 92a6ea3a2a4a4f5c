/// A way to keep what is needed of condemned objects: other holders, and chunks put into a new one.
private struct Keeping: Equatable {
  var holders: Mask = 0
  var repacks: Mask = 0
}

/// Rules 8–10: mark, condemn, sweep; and the removal and holding of snapshots.
extension Model {
  func collectorActions(in state: State, into actions: inout [Action]) {
    let areAlike =
      state.collectors.first.phase == .idle && state.collectors.second.phase == .idle
    let count = areAlike ? min(1, universe.collectorCount) : universe.collectorCount
    for collector in 0..<count {
      switch state.collectors[collector].phase {
      case .idle:
        for store in 0..<universe.storeCount {
          marks(of: collector, at: store, in: state, into: &actions)
        }
      case .marked:
        actions.append(.crashCollector(collector))
        if hasRoom(for: .condemnation, in: state) {
          actions.append(.condemn(collector: collector))
        }
      case .decided:
        actions.append(.crashCollector(collector))
        actions.append(.delete(collector: collector))
      }
    }
  }

  private func marks(
    of collector: Int,
    at store: Int,
    in state: State,
    into actions: inout [Action]
  ) {
    guard hasRoom(for: .condemnation, in: state), mayWrite(at: store, in: state) else { return }
    let here = state.stores[store]
    let needed = needed(here.log, in: state)
    let usable = here.present & ~dead(here.log, in: state)
    let candidates = (here.present | here.damaged) & ~dead(here.log, in: state)
    for object in Members(candidates) {
      marks(.one(object), of: collector, at: store, needed, usable, in: state, into: &actions)
    }
    var garbage: Mask = 0
    for object in Members(candidates)
    where state.contents[object] & Int(needed) == 0 { garbage |= .one(object) }
    for several in garbage == candidates ? [garbage] : [garbage, candidates]
    where several.nonzeroBitCount > 1 {
      marks(several, of: collector, at: store, needed, usable, in: state, into: &actions)
    }
  }

  /// Rule 8: ways to keep what is needed of some objects before they are condemned.
  private func marks(
    _ objects: Mask,
    of collector: Int,
    at store: Int,
    _ needed: Mask,
    _ usable: Mask,
    in state: State,
    into actions: inout [Action]
  ) {
    let toKeep = state.chunks(in: objects) & needed
    for way in ways(toKeep, among: usable & ~objects, in: state) {
      let canRepack =
        way.repacks == 0
        || state.objectCount < universe.objectLimit
          && way.repacks.within(state.chunks(in: state.stores[store].present))
      guard canRepack else { continue }
      let named = rules.contains(.oldHoldersAreNamed) ? way.holders : 0
      actions.append(
        .mark(
          collector: collector,
          store: store,
          condemns: objects,
          replaces: named,
          repacks: way.repacks
        )
      )
    }
  }

  /// For each chunk another holder or a new object, in every combination, in a fixed order.
  private func ways(_ chunks: Mask, among objects: Mask, in state: State) -> [Keeping] {
    var ways = [Keeping()]
    for chunk in Members(chunks) {
      let holders = holders(of: chunk, among: objects, in: state)
      var more: [Keeping] = []
      for way in ways {
        var next = holders.map {
          Keeping(holders: way.holders | .one($0), repacks: way.repacks)
        }
        next.append(Keeping(holders: way.holders, repacks: way.repacks | .one(chunk)))
        for keeping in next where !more.contains(keeping) { more.append(keeping) }
      }
      ways = more
    }
    return ways
  }

  /// Objects that hold a chunk: all, or of very many the lowest and the highest.
  private func holders(of chunk: Int, among objects: Mask, in state: State) -> [Int] {
    let holders = Members(objects).filter { state.contents[$0] & Int(Mask.one(chunk)) != 0 }
    guard holders.count > 4 else { return holders }
    return [holders[0], holders[holders.count - 1]]
  }

  func mark(
    _ collector: Int,
    at store: Int,
    condemns: Mask,
    replaces: Mask,
    repacks: Mask,
    in state: inout State
  ) {
    var mine = Collector(phase: .marked, store: store, condemns: condemns, replaces: replaces)
    mine.known = state.stores[store].log
    if repacks != 0 { mine.replaces |= .one(upload(repacks, to: store, in: &state)) }
    state.collectors[collector] = mine
  }

  /// Rule 9: the same conditional commit; a stale mark is thrown away.
  func condemn(_ collector: Int, in state: inout State) {
    let mine = state.collectors[collector]
    state.collectors[collector] = Collector()
    guard mayCommit(at: mine.store, in: state) else { return }
    let isFresh = mine.known == state.stores[mine.store].log
    guard isFresh || !rules.contains(.collectorMarksAgain) else { return }
    writeCondemnation(
      of: mine.condemns,
      replaces: mine.replaces,
      at: mine.store,
      in: &state
    )
  }

  /// Rule 10: a store deletes dead objects, one at a time, whoever asks it to.
  func sweepActions(in state: State, into actions: inout [Action]) {
    for store in 0..<universe.storeCount {
      let here = state.stores[store]
      let dead = dead(here.log, in: state) & here.present
      guard dead != 0 else { continue }
      if rules.contains(.requiredIsPresentBeforeSweep) {
        guard demanded(here.log, of: here, in: state).within(here.present) else { continue }
      }
      for object in Members(dead) {
        if rules.contains(.sweepIsOneStep) {
          actions.append(.sweep(store: store, object: object))
        } else {
          for collector in 0..<universe.collectorCount
          where state.collectors[collector].phase == .idle {
            actions.append(.decide(collector: collector, store: store, object: object))
          }
        }
      }
    }
  }

  func subjectActions(in state: State, into actions: inout [Action]) {
    let canRemove = hasRoom(for: .removal, in: state)
    let canHold = hasRoom(for: .hold, in: state)
    guard canRemove || canHold else { return }
    for store in 0..<universe.storeCount where mayWrite(at: store, in: state) {
      for snapshot in Members(live(state.stores[store].log, in: state)) {
        if canRemove { actions.append(.remove(store: store, snapshot: snapshot)) }
        if canHold { actions.append(.hold(store: store, snapshot: snapshot)) }
      }
    }
  }
}
