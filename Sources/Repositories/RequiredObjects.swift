package import CoreTypes

/// What one record says of objects: all that is needed to compute what a log requires.
package struct ObjectClaims: Sendable {
  /// What the record relies on besides what it names.
  package enum Reliance: Sendable {
    /// A snapshot, a hold, or a waiver: also on everything that the log of its ancestors requires.
    case ancestors
    /// On nothing but what it names.
    case names
  }

  package let id: RecordID
  package let parents: [RecordID]
  package let reliance: Reliance
  /// Objects that the record relies on by name: `adds`, or `replaces` of a condemnation.
  package let names: [ObjectID]
  package let condemns: [ObjectID]

  package init(
    id: RecordID,
    parents: [RecordID],
    reliance: Reliance,
    names: [ObjectID],
    condemns: [ObjectID] = []
  ) {
    self.id = id
    self.parents = parents
    self.reliance = reliance
    self.names = names
    self.condemns = condemns
  }

  /// What a record claims, given every object that it adds.
  package init(of record: Record, adds: [ObjectID], isVoid: Bool) {
    let clear = record.clear
    let (reliance, names, condemns): (Reliance, [ObjectID], [ObjectID]) =
      switch clear.kind {
      case .snapshot, .hold, .waiver: (isVoid ? .names : .ancestors, adds, [])
      // A void condemnation is none, but what it brought may be what others rely on.
      case .condemnation: isVoid ? (.names, adds, []) : (.names, clear.replaces, clear.condemns)
      case .enrolment, .removal, .revocation, .tags, .unknown: (.names, adds, [])
      }
    self.init(
      id: record.id,
      parents: clear.parents,
      reliance: reliance,
      names: names,
      condemns: condemns
    )
  }
}

/// Which objects a log requires: rules 1 to 3 of Docs/model.md.
///
/// Needs no key. Only objects that some condemnation names are looked at one by one; every other object that a
/// record names is required.
package struct RequiredObjects: Sendable {
  /// For each condemned object: whether the log requires it nevertheless.
  package let verdicts: [ObjectID: Bool]
  /// What the store holds by choice; `nil` if it is whole.
  private let chosen: ChosenObjects?

  /// Reads a log; parents that are missing from it are ignored.
  package init(_ claims: [ObjectClaims], chosen: ChosenObjects? = nil) {
    self.chosen = chosen
    let condemned = claims.reduce(into: Set<ObjectID>()) { $0.formUnion($1.condemns) }
    guard !condemned.isEmpty else {
      verdicts = [:]
      return
    }
    let graph = CondemnationGraph(claims, condemned: condemned)
    verdicts = graph.isLine ? graph.foldedVerdicts() : graph.verdicts()
  }

  /// True if the store must have an object that some record of its log names.
  package func requires(named object: ObjectID) -> Bool {
    (verdicts[object] ?? true) && (chosen?.contains(object) ?? true)
  }

  /// Objects that may be swept.
  package var dead: [ObjectID] { verdicts.filter { !$0.value }.map(\.key) }
}

/// The records of a log in an order in which parents come first, with what they say of condemned objects.
private struct CondemnationGraph {
  private struct Node {
    let parents: [Int]
    let reliesOnAncestors: Bool
    let names: Set<ObjectID>
    let condemns: Set<ObjectID>
  }

  /// Condemnations of one object that are told apart; an object with more of them counts as required.
  private static let condemnationLimit = 64

  private let nodes: [Node]
  private let condemned: Set<ObjectID>
  /// True if each record has seen all that come before it.
  let isLine: Bool

  init(_ claims: [ObjectClaims], condemned: Set<ObjectID>) {
    let order = CondemnationGraph.parentsFirst(claims)
    var places: [RecordID: Int] = [:]
    for (place, index) in order.enumerated() { places[claims[index].id] = place }
    nodes = order.map { index in
      let claim = claims[index]
      return Node(
        parents: claim.parents.compactMap { places[$0] },
        reliesOnAncestors: claim.reliance == .ancestors,
        names: condemned.intersection(claim.names),
        condemns: Set(claim.condemns)
      )
    }
    self.condemned = condemned
    isLine = nodes.enumerated().allSatisfy { $1.parents == ($0 == 0 ? [] : [$0 - 1]) }
  }

  /// Docs/model.md §5: nothing is concurrent, so what happened last counts.
  func foldedVerdicts() -> [ObjectID: Bool] {
    var required: [ObjectID: Bool] = [:]
    for object in condemned { required[object] = false }
    for node in nodes {
      for object in node.condemns { required[object] = false }
      for object in node.names { required[object] = true }
    }
    return required
  }

  /// Rule 1 as written; objects of which the same records say the same are judged together.
  func verdicts() -> [ObjectID: Bool] {
    var sayings: [ObjectID: [Saying]] = [:]
    for (place, node) in nodes.enumerated() {
      for object in node.names { sayings[object, default: []].append(Saying(place, .names)) }
      for object in node.condemns { sayings[object, default: []].append(Saying(place, .condemns)) }
    }
    var ancestors: [Int: [Bool]] = [:]
    var judged: [[Saying]: Bool] = [:]
    var verdicts: [ObjectID: Bool] = [:]
    for (object, says) in sayings {
      if let known = judged[says] {
        verdicts[object] = known
        continue
      }
      let verdict = judge(says, ancestors: &ancestors)
      judged[says] = verdict
      verdicts[object] = verdict
    }
    return verdicts
  }

  private struct Saying: Hashable {
    enum What: Hashable {
      case names
      case condemns
    }

    let place: Int
    let what: What

    init(_ place: Int, _ what: What) {
      self.place = place
      self.what = what
    }
  }

  /// What the log of one record and its ancestors says of an object.
  private struct View {
    /// For each record that relies on the object the condemnations, as bits, that have seen it; distinct.
    var reliances: [UInt64] = []
    /// The condemnations in this log.
    var condemnations: UInt64 = 0

    /// Rule 1.
    var isRequired: Bool { reliances.contains { $0 & condemnations == 0 } }

    mutating func add(_ reliance: UInt64) {
      if !reliances.contains(reliance) { reliances.append(reliance) }
    }

    mutating func merge(_ other: View) {
      condemnations |= other.condemnations
      for reliance in other.reliances { add(reliance) }
    }
  }

  private func judge(_ says: [Saying], ancestors: inout [Int: [Bool]]) -> Bool {
    let condemnations = says.filter { $0.what == .condemns }.map(\.place)
    guard condemnations.count <= CondemnationGraph.condemnationLimit else { return true }
    let naming = Set(says.filter { $0.what == .names }.map(\.place))
    guard let first = naming.min() else { return false }
    let seen = condemnations.map { ancestorMarks(of: $0, &ancestors) }
    var views = [View](repeating: View(), count: nodes.count)
    var whole = View()
    // Before the first record that names the object, none relies on it; condemnations from then on are bits.
    for place in 0..<nodes.count {
      let node = nodes[place]
      var view = View()
      for parent in node.parents { view.merge(views[parent]) }
      if place >= first, naming.contains(place) || (node.reliesOnAncestors && view.isRequired) {
        var bits: UInt64 = 0
        for (number, marks) in seen.enumerated() where marks[place] { bits |= 1 << UInt64(number) }
        view.add(bits)
      }
      if let number = condemnations.firstIndex(of: place) {
        view.condemnations |= 1 << UInt64(number)
      }
      views[place] = view
      whole.merge(view)
    }
    return whole.isRequired
  }

  private func ancestorMarks(of place: Int, _ cache: inout [Int: [Bool]]) -> [Bool] {
    if let known = cache[place] { return known }
    var marks = [Bool](repeating: false, count: nodes.count)
    var pending = nodes[place].parents
    while let next = pending.popLast() {
      guard !marks[next] else { continue }
      marks[next] = true
      pending += nodes[next].parents
    }
    cache[place] = marks
    return marks
  }

  /// Indices of records in an order in which each follows its parents; of a cycle, which no hash allows, nothing is lost.
  private static func parentsFirst(_ claims: [ObjectClaims]) -> [Int] {
    RecordOrder.parentsFirst(claims.map { (id: $0.id, parents: $0.parents) })
  }
}

/// Sorts records so that each follows its parents.
package enum RecordOrder {
  /// Indices into `records`; equal input gives equal output.
  ///
  /// Parents that are not among the records are ignored. Records of a cycle, which no hash allows, come last.
  package static func parentsFirst(_ records: [(id: RecordID, parents: [RecordID])]) -> [Int] {
    var places: [RecordID: Int] = [:]
    for (index, record) in records.enumerated() { places[record.id] = index }
    var waiting = [Int](repeating: 0, count: records.count)
    var children = [[Int]](repeating: [], count: records.count)
    for (index, record) in records.enumerated() {
      for parent in Set(record.parents) {
        guard let place = places[parent], place != index else { continue }
        waiting[index] += 1
        children[place].append(index)
      }
    }
    var order: [Int] = []
    order.reserveCapacity(records.count)
    var ready = records.indices.filter { waiting[$0] == 0 }.sorted {
      records[$0].id > records[$1].id
    }
    while let next = ready.popLast() {
      order.append(next)
      for child in children[next] {
        waiting[child] -= 1
        if waiting[child] == 0 { ready.append(child) }
      }
    }
    if order.count < records.count {
      let done = Set(order)
      order += records.indices.filter { !done.contains($0) }
    }
    return order
  }
}
