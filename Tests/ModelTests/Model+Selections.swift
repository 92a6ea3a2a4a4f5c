/// Rules 13, 15 and 16, which are proposed (Docs/decisions/0020): a store that holds chosen snapshots only.
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

  /// Rule 15: whether somebody may write what relies on all that came before.
  func mayRely(at store: Int, in state: State) -> Bool {
    !state.stores[store].isSelecting || !rules.contains(.selectingTakesNoReliance)
  }

  /// A giver with a key has a selecting receiver hold one snapshot more; all records travel.
  func selectionActions(in state: State, into actions: inout [Action]) {
    for store in 0..<universe.storeCount where state.stores[store].isSelecting {
      let (here, there) = (state.stores[store], state.stores[1 - store])
      guard !there.isSelecting else { continue }
      for snapshot in Members(live(there.log, in: state) & ~here.promised) {
        for objects in holders(of: snapshot, at: there, in: state) {
          var after = here
          after.chosen |= objects
          let merged = here.log | there.log
          guard demanded(merged, of: after, in: state).within(here.present) else { continue }
          actions.append(.choose(at: store, snapshot: snapshot, objects: objects))
        }
      }
      // The same selection as before, and new records.
      let merged = here.log | there.log
      if merged != here.log, demanded(merged, of: here, in: state).within(here.present) {
        actions.append(.choose(at: store, snapshot: nil, objects: 0))
      }
    }
  }

  func choose(_ objects: Mask, for snapshot: Int?, at store: Int, in state: inout State) {
    state.stores[store].chosen |= objects
    if let snapshot { state.stores[store].promised |= .one(snapshot) }
    state.stores[store].log |= state.stores[1 - store].log
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
