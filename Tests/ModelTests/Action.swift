/// One durable or visible step of somebody.
///
/// Between any two, anybody may crash.
enum Action {
  case begin(writer: Int, store: Int, needs: Mask, pin: Int)
  case reuse(writer: Int, chunk: Int, object: Int)
  case upload(writer: Int, chunks: Mask)
  case commit(writer: Int)
  case crashWriter(Int)

  case mark(collector: Int, store: Int, condemns: Mask, replaces: Mask, repacks: Mask)
  case condemn(collector: Int)
  case decide(collector: Int, store: Int, object: Int)
  case delete(collector: Int)
  case crashCollector(Int)
  case sweep(store: Int, object: Int)

  case remove(store: Int, snapshot: Int)
  case hold(store: Int, snapshot: Int)

  case copy(to: Int, object: Int)
  case accept(at: Int, records: Mask)

  case damage(store: Int, object: Int)

  case announce(at: Int, snapshot: Int, objects: Mask)
  case choose(at: Int, snapshot: Int?, objects: Mask)
  case loseSelection(at: Int)
}

extension Action: CustomStringConvertible {
  private func letter(_ store: Int) -> String { store == 0 ? "A" : "B" }

  var description: String {
    switch self {
    case .begin(let writer, let store, let needs, let pin):
      "writer \(writer) begins at \(letter(store)): needs chunks \(needs.listed)"
        + (pin == 15 ? "" : ", pins r\(pin)")
    case .reuse(let writer, let chunk, let object):
      "writer \(writer) finds chunk \(chunk) in o\(object)"
    case .upload(let writer, let chunks):
      "writer \(writer) uploads a new object of chunks \(chunks.listed)"
    case .commit(let writer): "writer \(writer) asks for its commit"
    case .crashWriter(let writer): "writer \(writer) crashes"
    case .mark(let collector, let store, let condemns, let replaces, let repacks):
      "collector \(collector) marks at \(letter(store)): condemn \(condemns.listed), "
        + "keep \(replaces.listed)"
        + (repacks == 0 ? "" : ", repacked chunks \(repacks.listed) into a new object")
    case .condemn(let collector): "collector \(collector) asks for its commit"
    case .decide(let collector, let store, let object):
      "collector \(collector) decides at \(letter(store)) to delete o\(object)"
    case .delete(let collector): "collector \(collector) deletes what it decided on"
    case .crashCollector(let collector): "collector \(collector) crashes"
    case .sweep(let store, let object): "store \(letter(store)) deletes o\(object)"
    case .remove(let store, let snapshot): "snapshot r\(snapshot) is removed at \(letter(store))"
    case .hold(let store, let snapshot): "snapshot r\(snapshot) is held at \(letter(store))"
    case .copy(let store, let object): "a mirror copies o\(object) to \(letter(store))"
    case .accept(let store, let records):
      "a mirror brings \(letter(store)) the records \(records.listed)"
    case .announce(let store, let snapshot, let objects):
      "a mirror writes that \(letter(store)), which is new, is to hold r\(snapshot) in \(objects.listed)"
    case .loseSelection(let store): "the selection of \(letter(store)) is found damaged"
    case .choose(let store, let snapshot, let objects):
      snapshot.map { "a mirror has \(letter(store)) hold r\($0) in \(objects.listed)" }
        ?? "a mirror brings \(letter(store)) all records, and nothing more is chosen"
    case .damage(let store, let object): "o\(object) is found damaged at \(letter(store))"
    }
  }
}

extension Model {
  /// Everything that may happen next.
  func actions(in state: State) -> [Action] {
    var actions: [Action] = []
    if universe.isReduced, urgentActions(in: state, into: &actions) { return actions }
    writerActions(in: state, into: &actions)
    collectorActions(in: state, into: &actions)
    sweepActions(in: state, into: &actions)
    subjectActions(in: state, into: &actions)
    if universe.storeCount == 2 { mirrorActions(in: state, into: &actions) }
    if universe.selects { selectionActions(in: state, into: &actions) }
    damageActions(in: state, into: &actions)
    return actions
  }

  /// The world after one step.
  func after(_ action: Action, _ before: State) -> State {
    var state = before
    switch action {
    case .begin(let writer, let store, let needs, let pin):
      begin(writer, at: store, needs: needs, pin: pin, in: &state)
    case .reuse(let writer, let chunk, let object):
      state.writers[writer].choices[chunk] = object
    case .upload(let writer, let chunks):
      upload(chunks, by: writer, in: &state)
    case .commit(let writer): commit(writer, in: &state)
    case .crashWriter(let writer): state.writers[writer] = Writer()
    case .mark(let collector, let store, let condemns, let replaces, let repacks):
      mark(
        collector,
        at: store,
        condemns: condemns,
        replaces: replaces,
        repacks: repacks,
        in: &state
      )
    case .condemn(let collector): condemn(collector, in: &state)
    case .decide(let collector, let store, let object):
      state.collectors[collector] = Collector(
        phase: .decided,
        store: store,
        condemns: .one(object)
      )
    case .delete(let collector):
      let decided = state.collectors[collector]
      state.stores[decided.store].present &= ~decided.condemns
      state.collectors[collector] = Collector()
    case .crashCollector(let collector): state.collectors[collector] = Collector()
    case .sweep(let store, let object): state.stores[store].present &= ~Mask.one(object)
    case .remove(let store, let snapshot): writeRemoval(of: snapshot, at: store, in: &state)
    case .hold(let store, let snapshot): writeHold(of: snapshot, at: store, in: &state)
    case .copy(let store, let object):
      state.stores[store].present |= .one(object)
      state.stores[store].damaged &= ~Mask.one(object)
      state.stores[store].lost &= ~state.chunks(in: .one(object))
    case .accept(let store, let records):
      state.stores[store].log |= records
      state.stores[store].isSelecting = false
      state.stores[store].isUnreadable = false
      state.stores[store].chosen = 0
      state.stores[store].promised = 0
    case .announce(let store, let snapshot, let objects):
      state.stores[store].isSelecting = true
      state.stores[store].chosen = objects
      state.stores[store].promised = .one(snapshot)
    case .loseSelection(let store): loseSelection(at: store, in: &state)
    case .choose(let store, let snapshot, let objects):
      choose(objects, for: snapshot, at: store, in: &state)
    case .damage(let store, let object): damage(object, at: store, in: &state)
    }
    if universe.isReduced { sendHome(in: &state) }
    return state
  }

  /// Drops memory that cannot matter any more: of sessions without room for their record, of marks
  /// that are stale, and how old the log is that a session has seen if it is not the newest.
  private func sendHome(in state: inout State) {
    let canSnapshot = hasRoom(for: .snapshot, in: state)
    let canCondemn = hasRoom(for: .condemnation, in: state)
    for number in 0..<2 {
      if state.writers[number].isBusy {
        settle(&state.writers[number], canCommit: canSnapshot, stores: state.stores)
      }
      let collector = state.collectors[number]
      guard collector.phase == .marked else { continue }
      let isStale =
        rules.contains(.collectorMarksAgain)
        && collector.known != state.stores[collector.store].log
      if isStale || !canCondemn { state.collectors[number] = Collector() }
    }
  }

  private func settle(_ session: inout Writer, canCommit: Bool, stores: Pair<Store>) {
    guard canCommit else {
      session = Writer()
      return
    }
    var usesPin = false
    for chunk in Members(session.needs) {
      if session.choices[chunk] == Writer.open { return }
      usesPin = usesPin || session.choices[chunk] == Writer.pinned
    }
    if !usesPin { session.pin = 15 }
    if session.known != stores[session.store].log { session.known = 0 }
  }
}
