import CoreTypes
import Indexing
import Mirroring
import Repositories
import Storage
import Testing

@Suite("Mirrors of chosen snapshots")
struct SelectionTests {
  private let family: Family

  init() throws { family = try Family() }

  private func source(seed: UInt64) throws -> ChoiceSource {
    try ChoiceSource(family, seed: seed)
  }

  @Test func `a filtered push brings all records and the objects of what was chosen`() throws {
    let source = try source(seed: 41)
    let mirrored = try family.empty()
    let summary = try family.push(source.repository, to: mirrored, source.choice(1)).there.get()
    #expect(summary.received.objects == 2 && summary.received.records == 3)
    #expect(try family.objects(of: mirrored) == Set(source.objects[1]))
    #expect(mirrored.log.frontier == source.repository.log.frontier)
    #expect(try family.held(mirrored) == [source.snapshots[1]])
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `the same choice again costs one round trip`() throws {
    let source = try source(seed: 42)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    let again = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    let bytes = again.counters.wireBytesSent + again.counters.wireBytesReceived
    #expect(bytes < 4096 && again.given.objects == 0, "\(bytes) bytes")
    #expect(try mirrored.store.names(of: .record).count == 1)
  }

  @Test func `another choice widens the first`() throws {
    let source = try source(seed: 43)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    let more = try family.push(source.repository, to: mirrored, source.choice(2)).here.get()
    #expect(more.given.objects == 2 && more.given.records == 0)
    #expect(try family.held(mirrored) == [source.snapshots[0], source.snapshots[2]])
    #expect(try family.objects(of: mirrored) == Set(source.objects[0] + source.objects[2]))
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a push without a choice makes whole, and whole stays whole`() throws {
    let source = try source(seed: 44)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    let whole = try family.push(source.repository, to: mirrored, nil).here.get()
    #expect(whole.given.objects == 4)
    #expect(mirrored.holding == .everything)
    #expect(try mirrored.store.readSelection() == nil)
    #expect(try family.objects(of: mirrored) == family.objects(of: source.repository))
    let ends = try family.push(source.repository, to: mirrored, source.choice(0))
    #expect(isRefusedChoice(ends.here) && isRefusedChoice(ends.there), "\(ends)")
    #expect(try mirrored.store.readSelection() == nil)
  }

  @Test func `a mirror of such a mirror holds the same, and a whole one stays whole`() throws {
    let source = try source(seed: 48)
    let (mirrored, next) = (try family.empty(), try family.empty())
    _ = try family.push(source.repository, to: mirrored, source.choice(0, 1)).here.get()
    _ = try family.push(mirrored, to: next, nil).here.get()
    #expect(try family.held(next) == Set(source.snapshots[0...1]))
    #expect(try family.objects(of: next) == family.objects(of: mirrored))
    #expect(try faults(of: next) == [])

    let fresh = try family.open(try family.emptyStore())
    var random = SplitMix64(seed: 1)
    try family.snapshot(fresh, sizes: [10], random: &random)
    let ends = try family.push(mirrored, to: fresh, nil)
    guard case .failure(.incomplete(let missing)) = ends.there else {
      Issue.record("\(ends)")
      return
    }
    #expect(Set(missing) == Set(source.objects[2]))
    #expect(fresh.holding == .everything)
    #expect(fresh.log.records.count == 1)
  }

  @Test func `new records that come with the same choice ask for nothing that was left out`() throws
  {
    let source = try source(seed: 49)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    var random = SplitMix64(seed: 2)
    try family.snapshot(source.repository, sizes: [50], random: &random)
    let again = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    #expect(again.given.objects == 0 && again.given.records == 1)
    #expect(try family.held(mirrored) == [source.snapshots[0]])
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `what took the place of a chosen object is chosen too`() throws {
    let source = try source(seed: 50)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    var random = SplitMix64(seed: 3)
    let new = try family.pack([70], in: source.repository.store, random: &random)
    try source.repository.refresh()
    try family.commit(.condemnation, to: source.repository) {
      $0.adds = new
      $0.condemns = [source.objects[0][0]]
      $0.replaces = new
    }
    let choice = MirrorChoice(
      snapshots: [source.snapshots[0]],
      objects: ChosenObjects(source.objects[0])
    )
    let again = try family.push(source.repository, to: mirrored, choice).here.get()
    #expect(again.given.objects == 1)
    #expect(try mirrored.index.isUsable(new[0]))
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a selecting store takes no record of its own`() throws {
    let source = try source(seed: 51)
    let mirrored = try family.empty()
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    let record = try family.record(.snapshot, in: mirrored)
    let refusal = StorageError.selecting(location: mirrored.store.location)
    #expect(throws: refusal) {
      try mirrored.store.commit(
        record.bytes,
        as: record.id.digest,
        knowing: mirrored.log.files
      )
    }
    // As the server of a remote commit asks, whose objects are all here.
    let plan = try ReceivePlan([record.bytes], repository: mirrored, role: .full)
    do {
      _ = try plan.commitOnce(knowing: mirrored.log.files)
      Issue.record("it was taken")
    } catch {
      guard case .storage(refusal) = error else {
        Issue.record("\(error)")
        return
      }
    }
    #expect(try mirrored.store.names(of: .record).count == 1)
  }

  @Test func `an end that knows no choices is not sent everything`() throws {
    let session = MirrorSession.Setting(
      own: hello(offers: [Hello.Offer.give], wishes: [Hello.Wish.push, Hello.Wish.select]),
      sets: [:]
    )
    var one = MirrorSession(session)
    var other = hello(offers: [Hello.Offer.receive], wishes: [])
    do {
      _ = try one.received(.hello(other))
      Issue.record("it would be sent everything")
    } catch {
      guard case .choiceRefused = error else {
        Issue.record("\(error)")
        return
      }
    }
    other.offers.append(Hello.Offer.select)
    var two = MirrorSession(session)
    _ = try two.received(.hello(other))
  }

  private func hello(offers: [String], wishes: [String]) -> Hello {
    Hello(
      program: "test",
      repository: family.id,
      storeMark: [],
      offers: offers,
      wishes: wishes,
      sets: []
    )
  }

  @Test func `a dry run counts what was chosen, where there is nothing yet too`() throws {
    let source = try source(seed: 61)
    let mirrored = try family.empty()
    let dry = try family.push(
      source.repository,
      to: mirrored,
      source.choice(1),
      wishes: [Hello.Wish.dryRun]
    ).here.get()
    #expect(dry.given.objects == 2 && dry.given.records == 3)
    #expect(mirrored.holding == .everything)
    #expect(try mirrored.store.names(of: .manifest).isEmpty)
    let new = try mirror(
      source.repository,
      nil,
      wishes: [Hello.Wish.push, Hello.Wish.create, Hello.Wish.dryRun],
      here: { $0.choice = source.choice(1) },
      there: { options in
        options.creation = { _ throws(MirrorError) in throw .closed }
      }
    ).here.get()
    #expect(new.given.objects == 2 && new.given.records == 3)
  }

  @Test func `lists that were replaced go, and those that records name stay`() throws {
    var source = try source(seed: 59)
    let mirrored = try family.empty()
    // The list of its objects is the very one that choosing it makes.
    let named = try source.addWithManifest(family)
    _ = try family.push(source.repository, to: mirrored, source.choice(3)).here.get()
    #expect(try mirrored.store.names(of: .manifest) == [named])
    for choice in [source.choice(0), source.choice(1), source.choice(2)] {
      _ = try family.push(source.repository, to: mirrored, choice).here.get()
      let lists = try #require(mirrored.holding.selection).lists
      #expect(Set(try mirrored.store.names(of: .manifest)) == Set(lists + [named]))
      #expect(try faults(of: mirrored) == [])
    }
    _ = try family.push(source.repository, to: mirrored, nil).here.get()
    #expect(try mirrored.store.names(of: .manifest) == [named])
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a condemnation behind another one is followed to its end`() throws {
    var source = try source(seed: 60)
    let mirrored = try family.empty()
    let other = try source.replace(source.objects[1][0], family)
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    #expect(try !mirrored.index.isUsable(other))
    // What stands for a chosen object now was itself replaced by what is left out so far.
    try family.commit(.condemnation, to: source.repository) {
      $0.condemns = [source.objects[0][0]]
      $0.replaces = [source.objects[1][0]]
    }
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    #expect(try mirrored.index.isUsable(other))
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `a run that knows only what was held before another run keeps both`() throws {
    let source = try source(seed: 62)
    let store = try family.emptyStore()
    let mirrored = try family.open(store)
    _ = try family.push(source.repository, to: mirrored, source.choice(0)).here.get()
    let other = try family.open(store)
    _ = try family.push(source.repository, to: other, source.choice(1)).here.get()
    _ = try family.push(source.repository, to: mirrored, source.choice(2)).here.get()
    #expect(try family.held(mirrored) == Set(source.snapshots))
    #expect(try faults(of: mirrored) == [])
  }
}
