/// Rules 11 and 12: replication between the two stores, in both directions; and damage.
extension Model {
  func mirrorActions(in state: State, into actions: inout [Action]) {
    var travels: Mask = .max
    if !universe.copiesAnything {
      travels = required(state.stores[0].log | state.stores[1].log, in: state)
    }
    for store in 0..<2 {
      let here = state.stores[store]
      let there = state.stores[1 - store]
      for object in Members(there.present & ~here.present & travels) {
        actions.append(.copy(to: store, object: object))
      }
      let news = there.log & ~here.log
      if here.isSelecting || here.isUnreadable {
        if isAcceptableWhole(here.log | news, at: here, in: state) {
          actions.append(.accept(at: store, records: news))
        }
        continue
      }
      guard news != 0 else { continue }
      for records in batches(of: news, for: here.log, in: state)
      where isAcceptable(records, at: here, in: state) {
        actions.append(.accept(at: store, records: records))
      }
    }
  }

  /// What a sender may offer at once: each record with the ancestors that are missing, or all.
  private func batches(
    of news: Mask,
    for log: Mask,
    in state: State
  ) -> [Mask] {
    var batches: [Mask] = []
    for record in Members(news) {
      let missing = state.ancestors[record] & ~log
      if rules.contains(.recordsTravelTogether) {
        batches.append(missing | .one(record))
      } else if missing == 0 {
        batches.append(.one(record))
      }
    }
    if rules.contains(.recordsTravelTogether) && !batches.contains(news) {
      batches.append(news)
    }
    return batches
  }

  /// Rule 11: what the merged log newly requires must be here.
  private func isAcceptable(
    _ records: Mask,
    at here: Store,
    in state: State
  ) -> Bool {
    guard rules.contains(.objectsBeforeRecords) else { return true }
    let merged = here.log | records
    if !rules.contains(.mergedLogIsComplete) {
      var added: Mask = 0
      for record in Members(records) { added |= state.adds[record] }
      return (added & required(merged, in: state)).within(here.present)
    }
    let before = required(here.log, in: state)
    return (required(merged, in: state) & ~before).within(here.present)
  }

  /// Whether two mirrors that are left alone end with the same records at both ends.
  func canConverge(_ state: State) -> Bool {
    let merged = state.stores[0].log | state.stores[1].log
    let anywhere = state.stores[0].present | state.stores[1].present
    if rules.contains(.recordsTravelTogether) {
      return required(merged, in: state).within(anywhere)
    }
    for store in 0..<2 {
      var log = state.stores[store].log
      for record in Members(merged & ~log) {
        log |= .one(record)
        guard required(log, in: state).within(anywhere) else { return false }
      }
    }
    return true
  }

  /// Damage is found while nobody is half-way: a race with it is not modelled.
  func damageActions(in state: State, into actions: inout [Action]) {
    guard state.damageCount < universe.damageLimit,
      !state.writers.first.isBusy, !state.writers.second.isBusy
    else { return }
    for store in 0..<universe.storeCount {
      for object in Members(state.stores[store].present) {
        actions.append(.damage(store: store, object: object))
      }
      if state.stores[store].isSelecting { actions.append(.loseSelection(at: store)) }
    }
  }

  func damage(_ object: Int, at store: Int, in state: inout State) {
    state.damageCount += 1
    state.stores[store].present &= ~Mask.one(object)
    state.stores[store].damaged |= .one(object)
    let left = state.chunks(in: state.stores[store].present)
    state.stores[store].lost |= state.chunks(in: .one(object)) & ~left
  }
}
