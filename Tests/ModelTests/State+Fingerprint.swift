/// States that differ only in who is called what are one state.
///
/// Objects and records are renumbered by what they are and where they occur; where that does not
/// tell two apart their old order stays, so that equal fingerprints always mean equal worlds and
/// at worst a world is explored twice.
extension State {
  var fingerprint: UInt64 {
    let names = Names(of: self)
    var print = Fingerprint()
    for store in 0..<2 {
      let here = stores[store == 0 ? names.left : 1 - names.left]
      print.mix(
        UInt64(names.objects(here.present)) | UInt64(names.records(here.log)) &<< 16
          | UInt64(names.objects(here.damaged)) &<< 32 | UInt64(here.lost) &<< 48
      )
      guard here.isSelecting || here.isUnreadable else { continue }
      print.mix(
        (here.isUnreadable ? 2 : 1) | UInt64(names.objects(here.chosen)) &<< 16
          | UInt64(names.records(here.promised)) &<< 32
      )
    }
    let writer = word(of: writers.first, names)
    let otherWriter = word(of: writers.second, names)
    print.mix(min(writer, otherWriter))
    print.mix(max(writer, otherWriter))
    let collector = word(of: collectors.first, names)
    let otherCollector = word(of: collectors.second, names)
    print.mix(min(collector, otherCollector))
    print.mix(max(collector, otherCollector))
    for place in 0..<objectCount {
      print.mix(UInt64(truncatingIfNeeded: contents[names.objectOrder[place]]))
    }
    for place in 0..<recordCount { mix(names.recordOrder[place], names, into: &print) }
    print.mix(
      UInt64(truncatingIfNeeded: recordCount &* 64 &+ damageCount &* 4)
        | (wasAcknowledgedIncomplete ? 1 : 0) | (wasPromiseBroken ? 2 : 0)
    )
    return print.value
  }

  private func mix(_ record: Int, _ names: Names, into print: inout Fingerprint) {
    let kind = kinds[record]
    var subject = subjects[record]
    if kind == Kind.removal.rawValue || kind == Kind.hold.rawValue {
      subject = names.record[subject]
    }
    print.mix(
      UInt64(truncatingIfNeeded: kind) | UInt64(truncatingIfNeeded: subject) &<< 8
        | UInt64(names.records(ancestors[record])) &<< 16
        | UInt64(names.objects(adds[record])) &<< 32
        | UInt64(names.objects(condemns[record])) &<< 48
    )
    print.mix(
      UInt64(names.objects(replaces[record])) | UInt64(names.objects(relies[record])) &<< 16
    )
  }

  private func word(of writer: Writer, _ names: Names) -> UInt64 {
    guard writer.isBusy else { return 0 }
    var word = UInt64(truncatingIfNeeded: 1 | (writer.store ^ names.left) &<< 1)
    word |= UInt64(writer.needs) &<< 2
    word |= UInt64(names.records(writer.known)) &<< 8
    word |= UInt64(truncatingIfNeeded: writer.pin == 15 ? 15 : names.record[writer.pin]) &<< 24
    for chunk in Members(writer.needs) {
      let choice = writer.choices[chunk]
      let name = choice >= Writer.pinned ? choice : names.object[choice]
      word |= UInt64(truncatingIfNeeded: name) &<< UInt64(truncatingIfNeeded: 28 &+ chunk &* 4)
    }
    return word
  }

  private func word(of collector: Collector, _ names: Names) -> UInt64 {
    guard collector.phase != .idle else { return 0 }
    return UInt64(truncatingIfNeeded: collector.phase.rawValue)
      | UInt64(truncatingIfNeeded: collector.store ^ names.left) &<< 2
      | UInt64(names.objects(collector.condemns)) &<< 16
      | UInt64(names.objects(collector.replaces)) &<< 32
      | UInt64(names.records(collector.known)) &<< 48
  }
}

/// Canonical numbers for stores, objects and records.
private struct Names {
  /// The store that comes first.
  private(set) var left = 0
  /// New number of each old one.
  private(set) var object = Nibbles()
  private(set) var record = Nibbles()
  /// Old number at each new place.
  private(set) var objectOrder = Nibbles()
  private(set) var recordOrder = Nibbles()

  init(of state: State) {
    left = Names.weight(of: state.stores.first) <= Names.weight(of: state.stores.second) ? 0 : 1
    // Colours of records first by shape alone, then objects by where they occur, then records
    // again by their objects.
    var recordColours: [UInt64] = []
    for record in 0..<state.recordCount {
      recordColours.append(Names.colour(of: record, recordColours, left, in: state))
    }
    var objectColours: [UInt64] = []
    for object in 0..<state.objectCount {
      objectColours.append(Names.colour(ofObject: object, recordColours, left, in: state))
    }
    for record in 0..<state.recordCount {
      recordColours[record] &+= Names.sum(state.condemns[record], objectColours) &* 3
      recordColours[record] &+= Names.sum(state.replaces[record], objectColours) &* 5
      recordColours[record] &+= Names.sum(state.adds[record], objectColours) &* 7
    }
    (object, objectOrder) = Names.sorted(objectColours)
    (record, recordOrder) = Names.sorted(recordColours)
  }

  func objects(_ mask: Mask) -> Mask { Names.renamed(mask, object) }

  func records(_ mask: Mask) -> Mask { Names.renamed(mask, record) }

  private static func renamed(_ mask: Mask, _ names: Nibbles) -> Mask {
    var result: Mask = 0
    var rest = mask
    while rest != 0 {
      result |= .one(names[rest.trailingZeroBitCount])
      rest &= rest &- 1
    }
    return result
  }

  /// A weight that does not depend on how objects and records are numbered.
  private static func weight(of store: Store) -> Int {
    (store.isSelecting ? 1 &<< 20 : 0) &+ (store.isUnreadable ? 1 &<< 21 : 0) &+ store.log
      .nonzeroBitCount &* 4096 &+ store.present
      .nonzeroBitCount &* 256
      &+ store.damaged.nonzeroBitCount &* 16 &+ Int(store.lost)
  }

  private static func sum(_ mask: Mask, _ colours: [UInt64]) -> UInt64 {
    var sum: UInt64 = 0
    for member in Members(mask) { sum &+= colours[member] }
    return sum
  }

  private static func places(_ member: Int, _ left: Mask, _ right: Mask) -> UInt64 {
    (left.has(member) ? 1 : 0) | (right.has(member) ? 2 : 0)
  }

  private static func colour(
    of record: Int,
    _ earlier: [UInt64],
    _ left: Int,
    in state: State
  ) -> UInt64 {
    let kind = state.kinds[record]
    let subject = state.subjects[record]
    let isAbout = kind == Kind.removal.rawValue || kind == Kind.hold.rawValue
    var print = Fingerprint()
    print.mix(UInt64(truncatingIfNeeded: kind))
    print.mix(isAbout ? earlier[subject] : UInt64(truncatingIfNeeded: subject))
    print.mix(sum(state.ancestors[record], earlier))
    print.mix(UInt64(truncatingIfNeeded: state.condemns[record].nonzeroBitCount))
    print.mix(places(record, state.stores[left].log, state.stores[1 - left].log))
    return print.value
  }

  private static func colour(
    ofObject object: Int,
    _ records: [UInt64],
    _ left: Int,
    in state: State
  ) -> UInt64 {
    let here = state.stores[left]
    let there = state.stores[1 - left]
    var print = Fingerprint()
    print.mix(UInt64(truncatingIfNeeded: state.contents[object]))
    print.mix(places(object, here.present, there.present))
    print.mix(places(object, here.damaged, there.damaged))
    var roles: UInt64 = 0
    for record in 0..<state.recordCount {
      let colour = records[record]
      if state.adds[record].has(object) { roles &+= colour &* 3 }
      if state.condemns[record].has(object) { roles &+= colour &* 5 }
      if state.replaces[record].has(object) { roles &+= colour &* 7 }
    }
    print.mix(roles)
    for collector in 0..<2 {
      let memory = state.collectors[collector]
      if memory.condemns.has(object) { roles &+= 11 }
      if memory.replaces.has(object) { roles &+= 13 }
    }
    for writer in 0..<2 where state.writers[writer].isBusy {
      for chunk in Members(state.writers[writer].needs)
      where state.writers[writer].choices[chunk] == object { roles &+= 17 }
    }
    print.mix(roles)
    return print.value
  }

  /// New numbers by colour, and their inverse; a stable insertion sort.
  private static func sorted(_ colours: [UInt64]) -> (new: Nibbles, old: Nibbles) {
    var order = Nibbles()
    for member in 0..<colours.count {
      var place = member
      while place > 0, colours[order[place - 1]] > colours[member] {
        order[place] = order[place - 1]
        place -= 1
      }
      order[place] = member
    }
    var names = Nibbles()
    for place in 0..<colours.count { names[order[place]] = place }
    return (names, order)
  }
}
