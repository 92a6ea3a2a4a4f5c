/// A way from the start to a fault, for people.
struct Trace: CustomStringConvertible {
  private let lines: [String]
  let stepCount: Int

  init(_ model: Model, start: State, actions: [Action], promises: Promises) {
    var lines = ["start: \(Trace.describe(start))"]
    var state = start
    for (number, action) in actions.enumerated() {
      let after = model.after(action, state)
      var line = "\(number + 1). \(action)"
      for record in state.recordCount..<after.recordCount {
        line += " → \(Trace.describe(record: record, in: after))"
      }
      for object in state.objectCount..<after.objectCount { line += " → o\(object)" }
      if case .commit(let writer) = action, after.recordCount == state.recordCount {
        line +=
          " → newer records; resolved now: "
          + Trace.describe(choices: after.writers[writer])
      }
      lines.append(line)
      state = after
    }
    lines.append("end: \(Trace.describe(state))")
    if let fault = model.fault(in: state, of: promises) { lines.append("FAULT: \(fault)") }
    self.lines = lines
    stepCount = actions.count
  }

  var description: String { lines.joined(separator: "\n") }

  private static func describe(choices session: Writer) -> String {
    Members(session.needs).map { chunk in
      switch session.choices[chunk] {
      case Writer.open: "chunk \(chunk) open"
      case Writer.pinned: "chunk \(chunk) pinned"
      case let object: "chunk \(chunk) in o\(object)"
      }
    }.joined(separator: ", ")
  }

  private static func describe(record: Int, in state: State) -> String {
    let head =
      switch state.kind(record) {
      case .snapshot:
        "r\(record) = snapshot of chunks "
          + Mask(truncatingIfNeeded: state.subjects[record]).listed
          + ", adds \(state.adds[record].listed)"
      case .removal: "r\(record) = removal of r\(state.subjects[record])"
      case .hold: "r\(record) = hold on r\(state.subjects[record])"
      case .condemnation:
        "r\(record) = condemns \(state.condemns[record].listed), replaces "
          + state.replaces[record].listed
      }
    return head + ", ancestors \(state.ancestors[record].listed)"
  }

  private static func describe(_ state: State) -> String {
    let objects = (0..<state.objectCount).map { object in
      "o\(object)=\(Mask(truncatingIfNeeded: state.contents[object]).listed)"
    }
    func describe(_ store: Store) -> String {
      "objects \(store.present.listed) records \(store.log.listed)"
        + (store.damaged == 0 ? "" : " damaged \(store.damaged.listed)")
    }
    return objects.joined(separator: " ") + " | A: " + describe(state.stores.first) + " | B: "
      + describe(state.stores.second)
  }
}
