/// Rules 13 to 16: a store that holds chosen snapshots only.
extension Model {
  /// What a store with this log must have, if it holds what `store` holds.
  func demanded(_ log: Mask, of store: Store, in state: State) -> Mask {
    let required = required(log, in: state)
    guard store.isSelecting else { return required }
    return required & following(store.chosen, log, in: state)
  }

  /// Rule 13: chosen objects, and what took their place.
  private func following(_ chosen: Mask, _ log: Mask, in state: State) -> Mask {
    guard rules.contains(.chosenFollowsReplacements) else { return chosen }
    var all = chosen
    while true {
      var more = all
      for record in Members(log) where state.condemns[record] & all != 0 {
        more |= state.replaces[record]
      }
      if more == all { return all }
      all = more
    }
  }

  /// The live snapshots that a store says it holds.
  func promised(by store: Store, in state: State) -> Mask {
    let live = live(store.log, in: state)
    return store.isSelecting ? live & store.promised : live
  }

  /// Rule 15: whether somebody begins to write a record.
  func mayWrite(at store: Int, in state: State) -> Bool {
    let here = state.stores[store]
    return !(here.isSelecting || here.isUnreadable) || !rules.contains(.selectingTakesNoRecords)
  }

  /// Rule 15: whether the store takes the record, asked when nothing can change any more.
  func mayCommit(at store: Int, in state: State) -> Bool {
    mayWrite(at: store, in: state) || !rules.contains(.selectingIsAskedWithCommit)
  }

  /// A giver with a key has a new or selecting receiver hold one snapshot more; all records travel.
  func selectionActions(in state: State, into actions: inout [Action]) {
    for store in 0..<universe.storeCount {
      let (here, there) = (state.stores[store], state.stores[1 - store])
      guard !there.isSelecting, !there.isUnreadable, there.log != 0,
        here.isSelecting || mayBeginToSelect(here)
      else { continue }
      let merged = here.log | there.log
      for snapshot in Members(live(there.log, in: state) & ~here.promised) {
        for objects in holders(of: snapshot, at: there, in: state) {
          var after = here
          after.isSelecting = true
          after.chosen |= objects
          guard demanded(merged, of: after, in: state).within(here.present) else { continue }
          actions.append(
            here.log == 0 && !here.isSelecting
              // Two steps: a crash between them leaves a store that selects and has no record.
              ? .announce(at: store, snapshot: snapshot, objects: objects)
              : .choose(at: store, snapshot: snapshot, objects: objects)
          )
        }
      }
      // The same selection as before, and new records.
      if here.isSelecting, merged != here.log,
        demanded(merged, of: here, in: state).within(here.present)
      {
        actions.append(.choose(at: store, snapshot: nil, objects: 0))
      }
    }
  }

  /// Rule 14: only what has no records yet begins to leave something out.
  private func mayBeginToSelect(_ store: Store) -> Bool {
    if store.isUnreadable { return !rules.contains(.unreadableTakesNoSelection) }
    return store.log == 0 || !rules.contains(.wholeStaysWhole)
  }

  func choose(_ objects: Mask, for snapshot: Int?, at store: Int, in state: inout State) {
    let before = promised(by: state.stores[store], in: state)
    if !rules.contains(.selectionOnlyGrows), snapshot != nil {
      state.stores[store].chosen = 0
      state.stores[store].promised = 0
    }
    state.stores[store].isSelecting = true
    state.stores[store].isUnreadable = false
    state.stores[store].chosen |= objects
    if let snapshot { state.stores[store].promised |= .one(snapshot) }
    state.stores[store].log |= state.stores[1 - store].log
    notice(whatIsLeftOf: before, at: store, in: &state)
  }

  private func notice(whatIsLeftOf before: Mask, at store: Int, in state: inout State) {
    let here = state.stores[store]
    let kept = promised(by: here, in: state) | ~live(here.log, in: state)
    if !before.within(kept) { state.wasPromiseBroken = true }
  }

  /// Everything is asked of the store from now on: what it left out counts as destroyed by the damage.
  func loseSelection(at store: Int, in state: inout State) {
    state.damageCount += 1
    let before = promised(by: state.stores[store], in: state)
    state.stores[store].chosen = 0
    state.stores[store].promised = 0
    if rules.contains(.unreadableAsksForEverything) {
      state.stores[store].isSelecting = false
      state.stores[store].isUnreadable = true
      let here = state.stores[store]
      state.stores[store].damaged |= required(here.log, in: state) & ~here.present
      state.stores[store].lost |= needed(here.log, in: state) & ~state.chunks(in: here.present)
    }
    notice(whatIsLeftOf: before, at: store, in: &state)
  }

  /// Rule 16: a receiver that is not told what to leave out asks for everything, and is whole from then on.
  func isAcceptableWhole(_ merged: Mask, at here: Store, in state: State) -> Bool {
    guard rules.contains(.wholeAsksForEverything) else { return true }
    return required(merged, in: state).within(here.present)
  }

  /// Ways to find each chunk of a snapshot in one object that the giver has and its log requires.
  private func holders(of snapshot: Int, at store: Store, in state: State) -> [Mask] {
    let usable = store.present & required(store.log, in: state)
    var ways: [Mask] = [0]
    for chunk in Members(Mask(truncatingIfNeeded: state.subjects[snapshot])) {
      var more: [Mask] = []
      for object in Members(usable) where state.contents[object] & Int(Mask.one(chunk)) != 0 {
        for way in ways where !more.contains(way | .one(object)) { more.append(way | .one(object)) }
      }
      ways = more
    }
    return ways
  }
}
