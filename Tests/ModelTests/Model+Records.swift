/// Writing records. Each has as parents the frontier of the log of its store.
extension Model {
  func hasRoom(for kind: Kind, in state: State) -> Bool {
    guard state.recordCount < universe.recordLimit else { return false }
    let limit =
      switch kind {
      case .snapshot: universe.snapshotLimit
      case .removal: universe.removalLimit
      case .condemnation: universe.condemnationLimit
      case .hold: universe.holdLimit
      }
    return state.count(of: kind) < limit
  }

  /// A snapshot of these chunks, which are in these objects (and in what the log requires).
  func writeSnapshot(of needs: Mask, uses: Mask, at store: Int, in state: inout State) {
    let log = state.stores[store].log
    let required = required(log, in: state)
    let adds = uses & ~added(log, in: state)
    let record = write(.snapshot, subject: Int(needs), at: store, in: &state)
    state.adds[record] = adds
    state.relies[record] = required | adds | unknown(to: log, adds: adds, in: state)
    if !needs.within(state.chunks(in: state.stores[store].present)) {
      state.wasAcknowledgedIncomplete = true
    }
    if state.stores[store].isSelecting { state.wasPromiseBroken = true }
  }

  func writeCondemnation(of objects: Mask, replaces: Mask, at store: Int, in state: inout State) {
    let adds = replaces & ~added(state.stores[store].log, in: state)
    let record = write(.condemnation, subject: 0, at: store, in: &state)
    state.adds[record] = adds
    state.condemns[record] = objects
    state.replaces[record] = replaces
    state.relies[record] =
      rules.contains(.condemnationReliesOnReplacements) ? replaces : adds
  }

  func writeRemoval(of snapshot: Int, at store: Int, in state: inout State) {
    _ = write(.removal, subject: snapshot, at: store, in: &state)
  }

  func writeHold(of snapshot: Int, at store: Int, in state: inout State) {
    let required = required(state.stores[store].log, in: state)
    let record = write(.hold, subject: snapshot, at: store, in: &state)
    state.relies[record] = rules.contains(.holdRelies) ? required : 0
  }

  /// Without the rule a commit keeps even what it has never heard of.
  private func unknown(to log: Mask, adds: Mask, in state: State) -> Mask {
    guard !rules.contains(.commitReliesOnlyOnKnownObjects) else { return 0 }
    return ~(added(log, in: state) | adds) & added(.max, in: state)
  }

  private func added(_ log: Mask, in state: State) -> Mask {
    var result: Mask = 0
    for record in Members(log & .first(state.recordCount)) { result |= state.adds[record] }
    return result
  }

  private func write(
    _ kind: Kind,
    subject: Int,
    at store: Int,
    in state: inout State
  ) -> Int {
    let record = state.recordCount
    state.recordCount += 1
    state.kinds[record] = kind.rawValue
    state.subjects[record] = subject
    state.ancestors[record] = state.stores[store].log
    state.stores[store].log |= .one(record)
    return record
  }

  /// A new object that holds these chunks, present in one store.
  func upload(_ chunks: Mask, to store: Int, in state: inout State) -> Int {
    let object = state.objectCount
    state.objectCount += 1
    state.contents[object] = Int(chunks)
    state.stores[store].present |= .one(object)
    state.stores[store].lost &= ~chunks
    return object
  }
}
