package import CoreTypes

/// One end of a mirror run: what to say, and what to do, after each message.
///
/// Pure: messages and answers in, actions out. Both ends are the same machine; each may receive, give, or both.
/// Source: Formats/mirror-protocol.md §6.
package struct MirrorSession: Sendable {
  /// What the machine's owner must do, in order.
  package enum Action: Sendable {
    case send(Message)
    /// Send these items, or what they come to, and then call `supplied`; of objects when the list has ended.
    case supply(ItemKind, [Digest], isLast: Bool, answer: Message.FetchAnswer)
    /// Find out which sound objects this store has of those that its log requires, and then call `loaded`.
    case loadObjects
    /// Make the repository with this configuration, and then call `created`.
    case create(configuration: [UInt8])
    /// Keep a slot, a keyring entry or a manifest; its hash was proven.
    case keep(ItemKind, Digest, [UInt8])
    /// Prove these records, and then call `plannedManifests`. Their hashes were proven.
    case proveRecords([[UInt8]])
    /// Find out which objects are needed, and then call `plannedObjects`.
    case planObjects(heldThere: [(prefix: NamePrefix, part: [UInt8])])
    /// So much is going to come, or would.
    case expect(objects: UInt64, bytes: UInt64)
    /// Prove an object, store it, and call `consumed` for its bytes.
    case take(ObjectID, head: [UInt8], body: [UInt8])
    /// The other end lacks an object that was asked for.
    case lacking(ObjectID)
    /// Everything came: store the records, and then call `finished`.
    case commit
    /// Both ends are done.
    case end(peer: DoneReport)
  }

  /// What this end allows besides what its hello says.
  package struct Setting: Sendable {
    package var own: Hello
    /// The names that this store has.
    package var sets: [NameSet: DigestSet]
    /// Objects that are wanted, whatever the records say; then no records are asked for.
    package var onlyObjects: [ObjectID]?
    /// True if more objects are going to be wanted: the session lasts until `wantNoMore`.
    package var wantsMore = false
    /// What this store may come to hold.
    package var stance = SelectionStance.whole

    package init(own: Hello, sets: [NameSet: DigestSet], onlyObjects: [ObjectID]? = nil) {
      self.own = own
      self.sets = sets
      self.onlyObjects = onlyObjects
    }
  }

  var setting: Setting
  var peer: Hello?
  /// True if items go to the other end.
  var gives = false
  /// True if items come from the other end.
  private var receives = false
  var receiving = Receiving()
  /// What the other end names as chosen, if this store may hold that instead of everything.
  private(set) var chosenName: Digest?
  /// Bytes of items that may be sent.
  package private(set) var allowance: UInt64 = 0
  /// Bytes of items that the other end may still send.
  var granted = UInt64(WireLimits.credit)
  private var unreported: UInt64 = 0
  private var openNames = 0
  private var peerReport: DoneReport?
  private var hasEnded = false

  package init(_ setting: Setting) { self.setting = setting }

  /// What to say first.
  package var greeting: Message { .hello(setting.own) }

  /// What the other end said first; `nil` before.
  package var peerHello: Hello? { peer }

  /// What this end's hello names as held or brought by choice.
  var ownSelection: Digest? { setting.own.selection }

  /// True if either end asked for a dry run.
  package var isDryRun: Bool {
    setting.own.wishes.contains(Hello.Wish.dryRun)
      || (peer?.wishes.contains(Hello.Wish.dryRun) ?? false)
  }

  /// Takes a message of the other end.
  package mutating func received(_ message: Message) throws(MirrorError) -> [Action] {
    switch message {
    case .hello(let hello):
      guard peer == nil else { throw .malformed("a second hello") }
      return try greeted(hello)
    case .error(let code, let text): throw .peer(code: code, text: text)
    case .alive: return []
    case .walk, .nodes, .fetch, .batch, .item, .more, .absent, .credit, .done: break
    }
    guard peer != nil else { throw .malformed("a message before the hello") }
    switch message {
    case .walk(let set, let prefixes): return try answer(set, prefixes)
    case .fetch(let kind, let names, let isLast, let answer):
      return try asked(kind, names, isLast: isLast, answer: answer)
    case .credit(let bytes):
      let (sum, overflow) = allowance.addingReportingOverflow(bytes)
      guard !overflow else { throw .malformed("credit beyond all numbers") }
      allowance = sum
      return []
    case .done(let report):
      guard peerReport == nil else { throw .malformed("a second end") }
      peerReport = report
      return endIfDone()
    case .nodes(let set, let nodes): return try receivedNodes(set, nodes)
    case .batch(let count, let bytes): return try receivedBatch(count: count, bytes: bytes)
    case .item(let start, let bytes): return try receivedItem(start, bytes)
    case .more(let bytes): return try receivedMore(bytes)
    case .absent(let kind, let name): return try receivedAbsent(kind, name)
    case .hello, .error, .alive: return []
    }
  }

  // MARK: Hello

  private mutating func greeted(_ hello: Hello) throws(MirrorError) -> [Action] {
    let own = setting.own
    guard hello.version == own.version else { throw .version(hello.version) }
    if !own.storeMark.isEmpty, own.storeMark == hello.storeMark { throw .sameStore }
    if let mine = own.repository, let theirs = hello.repository, mine != theirs {
      throw .otherRepository(theirs)
    }
    peer = hello
    allowance = hello.credit
    receives =
      own.offers.contains(Hello.Offer.receive) && hello.offers.contains(Hello.Offer.give)
      && (own.wishes.contains(Hello.Wish.pull) || hello.wishes.contains(Hello.Wish.push))
    gives =
      own.offers.contains(Hello.Offer.give) && hello.offers.contains(Hello.Offer.receive)
      && (own.wishes.contains(Hello.Wish.push) || hello.wishes.contains(Hello.Wish.pull))
    // Where there is nothing yet, that is the reason, and not the role.
    if hello.repository == nil {
      let isWished = (own.wishes + hello.wishes).contains(Hello.Wish.create)
      guard gives, isWished, hello.offers.contains(Hello.Offer.create), own.repository != nil else {
        throw .noRepository(whose: .there)
      }
      if own.wishes.contains(Hello.Wish.pull) {
        // There is nothing to fetch from a repository that is yet to be made.
        return finishedReceiving(DoneReport())
      }
    }
    if own.wishes.contains(Hello.Wish.pull), !receives {
      throw .denied("its role does not allow to read")
    }
    if own.wishes.contains(Hello.Wish.push), !gives {
      throw .denied("its role does not allow to receive")
    }
    try settleSelection(hello)
    if comparesObjects, own.repository != nil { return [.loadObjects] }
    guard receives else { return finishedReceiving(DoneReport()) }
    return try beginReceiving(from: hello)
  }

  /// Decides what this store is to hold: whole stays whole, and only what the giver names is chosen.
  ///
  /// Source: Docs/model.md, rules 14 and 16.
  private mutating func settleSelection(_ hello: Hello) throws(MirrorError) {
    if gives, setting.own.wishes.contains(Hello.Wish.select) {
      // It would take everything, and a small disk would be full.
      guard hello.offers.contains(Hello.Offer.select) else {
        throw .choiceRefused("its kist knows no copies of chosen snapshots")
      }
    }
    guard receives, setting.onlyObjects == nil else { return }
    let isWished = hello.wishes.contains(Hello.Wish.select)
    switch setting.stance {
    case .open: chosenName = hello.selection
    case .whole where isWished:
      throw .choiceRefused(SelectionStance.staysWhole)
    case .damaged where isWished:
      throw .choiceRefused("what it holds by choice cannot be read any more")
    case .whole, .damaged: chosenName = nil
    }
    guard !isWished || hello.selection != nil else { throw .malformed("a choice of nothing") }
  }

  /// The sound objects that this store's log requires, for the comparison.
  package mutating func loaded(objects: DigestSet) throws(MirrorError) -> [Action] {
    setting.sets[.objects] = objects
    guard let peer, receives else { return finishedReceiving(DoneReport()) }
    return try beginReceiving(from: peer)
  }

  /// True if either end asked to compare all objects.
  package var comparesObjects: Bool {
    setting.own.wishes.contains(Hello.Wish.compare)
      || (peer?.wishes.contains(Hello.Wish.compare) ?? false)
  }

  // MARK: Giving

  private func answer(_ set: NameSet, _ prefixes: [NamePrefix]) throws(MirrorError) -> [Action] {
    guard gives else { throw .denied("this end does not give") }
    if set == .slots { try refuseSlots() }
    guard let own = setting.sets[set] else { throw .malformed("a set that was not offered") }
    var messages: [Action] = []
    var nodes: [WalkNode] = []
    var byteCount = 0
    for prefix in prefixes {
      let node = set.node(of: own, below: prefix)
      if byteCount + node.byteCount > WireLimits.payloadByteCount - 16 {
        messages.append(.send(.nodes(set, nodes)))
        nodes.removeAll()
        byteCount = 0
      }
      byteCount += node.byteCount
      nodes.append(node)
    }
    messages.append(.send(.nodes(set, nodes)))
    return messages
  }

  private func refuseSlots() throws(MirrorError) {
    let wishes = setting.own.wishes + (peer?.wishes ?? [])
    if wishes.contains(Hello.Wish.noSlots) { throw .denied("slots are withheld") }
  }

  private mutating func asked(
    _ kind: ItemKind,
    _ names: [Digest],
    isLast: Bool,
    answer: Message.FetchAnswer
  ) throws(MirrorError) -> [Action] {
    guard gives else { throw .denied("this end does not give") }
    if kind == .slot { try refuseSlots() }
    openNames += names.count
    guard openNames <= WireLimits.openNameCount else { throw .malformed("too much asked at once") }
    guard kind == .object || answer == .items else {
      throw .malformed("a size that is not told")
    }
    return [.supply(kind, names, isLast: isLast, answer: answer)]
  }

  /// Items were sent, or told to be absent, or measured.
  package mutating func supplied(names count: Int) { openNames = max(0, openNames - count) }

  /// Bytes of an item were sent.
  package mutating func sent(itemBytes count: Int) {
    allowance -= min(allowance, UInt64(max(0, count)))
  }

  // MARK: Credit and end

  /// Bytes of items were dealt with; the other end is told from time to time.
  package mutating func consumed(itemBytes count: Int) -> [Action] {
    unreported += UInt64(max(0, count))
    guard unreported >= UInt64(WireLimits.creditStep) else { return [] }
    defer { unreported = 0 }
    granted += unreported
    return [.send(.credit(unreported))]
  }

  /// This end has received all that it wanted.
  mutating func finishedReceiving(_ report: DoneReport) -> [Action] {
    receiving.stage = .done
    return [.send(.done(report))] + endIfDone()
  }

  private mutating func endIfDone() -> [Action] {
    guard receiving.stage == .done, let peerReport, !hasEnded else { return [] }
    hasEnded = true
    return [.end(peer: peerReport)]
  }
}
