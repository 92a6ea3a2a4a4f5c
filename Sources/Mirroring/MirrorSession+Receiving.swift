package import CoreTypes
import Sealing

extension MirrorSession {
  /// How far the receiving half has come.
  enum Stage: Sendable {
    case waiting
    case creating
    case walking
    case files
    case manifests
    case planning
    case objects
    case committing
    case done
  }

  /// What the receiving half remembers.
  struct Receiving: Sendable {
    var stage = Stage.waiting
    var isActive = false
    var walks: [NameSet: DigestWalk] = [:]
    /// Files that were asked for and did not come yet.
    var open: [ItemKind: Set<Digest>] = [:]
    var records: [[UInt8]] = []
    var recordBytes = 0
    /// Objects that are wanted, how many of them were asked for, and how many of these are named in fetches that were said.
    var planned = WantedObjects()
    var askedCount = 0
    var fetchedCount = 0
    /// Objects that were wanted since.
    var more: [ObjectID] = []
    var asked: AskedObjects?
    var item: (start: ItemStart, bytes: [UInt8])?
    var report = DoneReport()
  }

  // MARK: Sets

  mutating func beginReceiving(from hello: Hello) throws(MirrorError) -> [Action] {
    receiving.isActive = true
    guard setting.own.repository != nil else {
      let isWished = (hello.wishes + setting.own.wishes).contains(Hello.Wish.create)
      guard isWished, setting.own.offers.contains(Hello.Offer.create),
        let id = hello.repository
      else { throw .noRepository(whose: .here) }
      if isDryRun { return finishedReceiving(DoneReport()) }
      receiving.stage = .creating
      return ask(.configuration, [id.digest])
    }
    return beginSets(of: hello)
  }

  /// The repository was made.
  package mutating func created(_ repository: RepositoryID) -> [Action] {
    setting.own.repository = repository
    guard let peer else { return [] }
    return beginSets(of: peer)
  }

  private mutating func beginSets(of hello: Hello) -> [Action] {
    receiving.stage = .walking
    guard setting.onlyObjects == nil else { return planObjects() }
    var actions: [Action] = []
    let withholdsSlots =
      setting.own.wishes.contains(Hello.Wish.noSlots) || hello.wishes.contains(Hello.Wish.noSlots)
    for set in NameSet.allCases where set != .slots || !withholdsSlots {
      guard set == .objects ? comparesObjects : hello.sets.contains(where: { $0.set == set }) else {
        continue
      }
      var walk = DigestWalk(set, own: setting.sets[set] ?? DigestSet(ascending: []))
      // Computing the digest of all objects takes time, so no hello has it.
      let digest = set == .objects ? nil : hello.summary(of: set).digest
      let first = walk.start(peerDigest: digest)
      receiving.walks[set] = walk
      if !first.isEmpty { actions.append(.send(.walk(set, first))) }
    }
    return actions + (walksAreFinished ? fetchFiles() : [])
  }

  private var walksAreFinished: Bool { receiving.walks.values.allSatisfy(\.isFinished) }

  mutating func receivedNodes(
    _ set: NameSet,
    _ nodes: [WalkNode]
  ) throws(MirrorError) -> [Action] {
    guard receiving.stage == .walking, var walk = receiving.walks[set] else {
      throw .malformed("nodes that were not asked for")
    }
    // Held by one owner only, so that it changes in place.
    receiving.walks[set] = nil
    var next: [NamePrefix] = []
    for node in nodes { next += try walk.received(node) }
    guard walk.missing.count <= WireLimits.openNameCount else { throw .malformed("too many names") }
    receiving.walks[set] = walk
    var actions: [Action] = []
    var start = 0
    while start < next.count {
      let end = min(start + WireLimits.prefixesPerFrame, next.count)
      actions.append(.send(.walk(set, Array(next[start..<end]))))
      start = end
    }
    return actions + (walksAreFinished ? fetchFiles() : [])
  }

  // MARK: Files

  private mutating func fetchFiles() -> [Action] {
    receiving.stage = .files
    let wanted: [(ItemKind, NameSet)] = [
      (.keyringEntry, .keyring), (.slot, .slots), (.record, .records),
    ]
    var actions: [Action] = []
    for (kind, set) in wanted {
      // A dry run stores nothing, so it needs the records only.
      guard let names = receiving.walks[set]?.missingNames, !names.isEmpty,
        kind == .record || !isDryRun
      else { continue }
      actions += ask(kind, names)
    }
    // What has the same name is the same choice of the same objects.
    if let chosenName, chosenName != setting.own.selection {
      actions += ask(.selection, [chosenName])
    }
    return actions + filesIfComplete()
  }

  private mutating func ask(_ kind: ItemKind, _ names: [Digest]) -> [Action] {
    receiving.open[kind, default: []].formUnion(names)
    var actions: [Action] = []
    var start = 0
    while start < names.count {
      let end = min(start + WireLimits.namesPerFrame, names.count)
      actions.append(
        .send(.fetch(kind, Array(names[start..<end]), isLast: end == names.count, answer: .items))
      )
      start = end
    }
    return actions
  }

  private var filesAreComplete: Bool { receiving.open.values.allSatisfy(\.isEmpty) }

  private mutating func filesIfComplete() -> [Action] {
    guard filesAreComplete else { return [] }
    switch receiving.stage {
    case .files:
      receiving.stage = .planning
      defer { receiving.records = [] }
      return [.proveRecords(receiving.records)]
    case .manifests: return planObjects()
    case .waiting, .creating, .walking, .planning, .objects, .committing, .done: return []
    }
  }

  /// The records are sound, and name these manifests that this store lacks.
  package mutating func plannedManifests(_ names: [Digest]) -> [Action] {
    receiving.stage = .manifests
    return ask(.manifest, names) + filesIfComplete()
  }

  private mutating func planObjects() -> [Action] {
    receiving.stage = .planning
    return [.planObjects(heldThere: receiving.walks[.objects]?.missing ?? [])]
  }

  // MARK: Objects

  /// These objects are wanted.
  package mutating func plannedObjects(_ wanted: WantedObjects) -> [Action] {
    receiving.planned = wanted
    receiving.askedCount = 0
    receiving.fetchedCount = 0
    receiving.stage = .objects
    return askForObjects()
  }

  private mutating func askForObjects() -> [Action] {
    if receiving.askedCount == receiving.planned.count {
      // Something may have been wanted before the other end said its hello.
      receiving.planned = WantedObjects(receiving.more)
      receiving.more = []
      receiving.askedCount = 0
      receiving.fetchedCount = 0
    }
    guard receiving.planned.count > 0 else {
      if setting.wantsMore { return [] }
      if isDryRun { return finishedReceiving(receiving.report) }
      receiving.stage = .committing
      return [.commit]
    }
    let start = receiving.askedCount
    let end = min(start + WireLimits.openNameCount, receiving.planned.count)
    receiving.asked = AskedObjects(receiving.planned, start..<end)
    receiving.askedCount = end
    return []
  }

  /// The next message that asks for objects; `nil` if all that are to be asked for now were.
  ///
  /// One at a time, so that a long list is not held as messages too, and what comes meanwhile is taken.
  package mutating func nextFetch() -> Message? {
    let start = receiving.fetchedCount
    guard start < receiving.askedCount else { return nil }
    let end = min(start + WireLimits.namesPerFrame, receiving.askedCount)
    let names = (start..<end).map { receiving.planned[$0].digest }
    receiving.fetchedCount = end
    let isLast = end == receiving.askedCount
    if end == receiving.planned.count {
      // Their ids are known by the list that was asked; the manifests that hold them may go.
      receiving.planned = WantedObjects()
      receiving.askedCount = 0
      receiving.fetchedCount = 0
    }
    return .fetch(.object, names, isLast: isLast, answer: isDryRun ? .size : .items)
  }

  /// These objects are wanted too.
  package mutating func want(_ ids: [ObjectID]) -> [Action] {
    receiving.more += ids
    guard receiving.stage == .objects, receiving.asked == nil, !ids.isEmpty else { return [] }
    return askForObjects()
  }

  /// What was asked for is all.
  package mutating func wantNoMore() -> [Action] {
    guard setting.wantsMore else { return [] }
    setting.wantsMore = false
    guard receiving.stage == .objects, receiving.asked == nil else { return [] }
    return askForObjects()
  }

  mutating func receivedBatch(count: UInt64, bytes: UInt64) throws(MirrorError) -> [Action] {
    guard receiving.stage == .objects, let asked = receiving.asked,
      count <= UInt64(asked.count), bytes <= 1 << 60
    else { throw .malformed("a size that was not asked for") }
    guard isDryRun else { return [.expect(objects: count, bytes: bytes)] }
    receiving.report.objects += count
    receiving.report.bytes += bytes
    receiving.asked = nil
    return [.expect(objects: count, bytes: bytes)] + askForObjects()
  }

  private mutating func objectAnswered() -> [Action] {
    guard receiving.asked?.openCount == 0 else { return [] }
    receiving.asked = nil
    return askForObjects()
  }

  /// All that came is durable; the run is over for this end.
  package mutating func finished(_ report: DoneReport) -> [Action] { finishedReceiving(report) }

  /// The number of records that a dry run would bring.
  package mutating func wouldReceive(records count: Int) {
    receiving.report.records = UInt64(max(0, count))
  }

  // MARK: Items

  mutating func receivedItem(_ start: ItemStart, _ bytes: [UInt8]) throws(MirrorError) -> [Action] {
    guard receiving.item == nil else { throw .malformed("an item inside another") }
    let isAsked =
      start.kind == .object
      ? receiving.asked?.isOpen(ObjectID(start.name)) ?? false
      : receiving.open[start.kind]?.contains(start.name) ?? false
    guard isAsked, !isDryRun || start.kind != .object else {
      throw .malformed("an item that was not asked for: \(start.name)")
    }
    guard start.bodyByteCount <= start.kind.byteLimit,
      start.headByteCount <= WireLimits.headByteCount,
      (start.kind == .object) == (start.headByteCount > 0)
    else { throw .malformed("an item of impossible length: \(start.name)") }
    receiving.item = (start: start, bytes: [])
    return try receivedMore(bytes)
  }

  mutating func receivedMore(_ bytes: [UInt8]) throws(MirrorError) -> [Action] {
    // Taken out while it grows, so that its bytes are not copied.
    guard var item = receiving.item.take() else { throw .malformed("bytes of no item") }
    guard UInt64(bytes.count) <= granted else { throw .malformed("more bytes than were granted") }
    granted -= UInt64(bytes.count)
    let total = item.start.headByteCount + item.start.bodyByteCount
    guard bytes.count <= total - item.bytes.count else {
      throw .malformed("bytes behind the end of an item: \(item.start.name)")
    }
    if item.bytes.isEmpty, bytes.count == total {
      item.bytes = bytes
    } else {
      // The limit of its kind was looked at; what does not come is never touched.
      if item.bytes.isEmpty { item.bytes.reserveCapacity(total) }
      item.bytes += bytes
    }
    guard item.bytes.count == total else {
      receiving.item = item
      return item.start.kind == .object ? [] : consumed(itemBytes: bytes.count)
    }
    if item.start.kind == .object {
      let (head, body) = (item.start.headByteCount, item.bytes)
      let id = ObjectID(item.start.name)
      guard receiving.asked?.answer(id) ?? false else { throw .malformed("an object twice: \(id)") }
      return [.take(id, head: Array(body[..<head]), body: Array(body[head...]))] + objectAnswered()
    }
    return consumed(itemBytes: bytes.count) + (try receivedFile(item.start, item.bytes))
  }

  private mutating func receivedFile(
    _ start: ItemStart,
    _ bytes: [UInt8]
  ) throws(MirrorError) -> [Action] {
    receiving.open[start.kind]?.remove(start.name)
    if start.kind == .configuration { return [.create(configuration: bytes)] }
    guard PlainHash.of(bytes) == start.name else {
      throw .wrongHash("\(start.kind) \(start.name)")
    }
    switch start.kind {
    case .record:
      receiving.recordBytes += bytes.count
      guard receiving.recordBytes <= WireLimits.recordsByteCount else {
        throw .malformed("records of more than \(WireLimits.recordsByteCount) bytes")
      }
      receiving.records.append(bytes)
      return filesIfComplete()
    case .slot, .keyringEntry, .manifest, .selection:
      return [.keep(start.kind, start.name, bytes)] + filesIfComplete()
    case .configuration, .object: return []
    }
  }

  mutating func receivedAbsent(_ kind: ItemKind, _ name: Digest) throws(MirrorError) -> [Action] {
    if kind == .object {
      guard receiving.asked?.answer(ObjectID(name)) ?? false else {
        throw .malformed("absence of what was not asked for: \(name)")
      }
      return [.lacking(ObjectID(name))] + objectAnswered()
    }
    guard receiving.open[kind]?.remove(name) != nil else {
      throw .malformed("absence of what was not asked for: \(name)")
    }
    switch kind {
    // Removed since it was listed.
    case .slot, .keyringEntry: return filesIfComplete()
    case .configuration, .manifest, .record, .object, .selection:
      throw .malformed("the other end lacks a \(kind) of its own: \(name)")
    }
  }
}
