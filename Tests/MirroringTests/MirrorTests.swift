import TestSupport
import CoreTypes
import Indexing
import Mirroring
import Repositories
import Sealing
import Storage
import Testing

@Suite("Mirroring")
struct MirrorTests {
  private let family: Family

  init() throws { family = try Family() }

  private func ids(_ repository: KeylessRepository) throws -> Set<ObjectID> {
    Set(try repository.index.objectIDs())
  }

  @Test func `a push brings an empty mirror everything`() throws {
    var random = SplitMix64(seed: 1)
    let (source, mirrored) = (try family.empty(), try family.empty())
    for number in 1...3 {
      try family.snapshot(source, sizes: [100, 5000 * number, 700_000], random: &random)
    }
    try source.store.put([1, 2, 3], as: BlobName(.slot, PlainHash.of([1, 2, 3])))
    try source.store.put([4, 5], as: BlobName(.keyringEntry, PlainHash.of([4, 5])))
    let ends = try mirror(source, mirrored, wishes: [Hello.Wish.push])
    let summary = try ends.there.get()
    #expect(try ends.here.get().given == summary.received)
    #expect(summary.received.records == 3 && summary.received.objects == 9)
    #expect(summary.snapshots == 3)
    #expect(try faults(of: mirrored) == [])
    #expect(mirrored.log.frontier == source.log.frontier)
    #expect(try ids(mirrored) == ids(source))
    #expect(try mirrored.store.names(of: .record).count == 1)
    #expect(try mirrored.store.names(of: .slot).count == 1)
    #expect(try mirrored.store.names(of: .keyringEntry).count == 1)
  }

  @Test func `nothing new costs one round trip and less than four kibibytes`() throws {
    var random = SplitMix64(seed: 2)
    let (source, mirrored) = (try family.empty(), try family.empty())
    for _ in 0..<20 { try family.snapshot(source, sizes: [10], random: &random) }
    _ = try mirror(source, mirrored, wishes: [Hello.Wish.push]).here.get()
    let again = try mirror(source, mirrored, wishes: [Hello.Wish.push, Hello.Wish.pull]).here.get()
    let bytes = again.counters.wireBytesSent + again.counters.wireBytesReceived
    #expect(bytes < 4096, "\(bytes) bytes")
    #expect(again.received.objects == 0 && again.given.objects == 0)
    #expect(try mirrored.store.names(of: .record).count == 1)
  }

  @Test func `a pull brings only what is missing, whatever the packs look like`() throws {
    var random = SplitMix64(seed: 3)
    let (source, mirrored) = (try family.empty(), try family.empty())
    let first = try family.snapshot(source, sizes: [1000, 2000, 3000], random: &random)
    _ = try mirror(mirrored, source, wishes: [Hello.Wish.pull]).here.get()
    // The source packs anew what it has: same objects, another pack.
    let old = try source.store.names(of: .pack)
    try repack(first, of: source)
    for pack in old { try source.store.remove(BlobName(.pack, pack)) }
    try source.refresh()
    try family.snapshot(source, sizes: [400], random: &random)
    let summary = try mirror(mirrored, source, wishes: [Hello.Wish.pull]).here.get()
    #expect(summary.received.objects == 1 && summary.received.records == 1)
    #expect(try faults(of: mirrored) == [])
  }

  /// Writes objects into a new pack, in reverse order.
  private func repack(_ objects: [ObjectID], of repository: KeylessRepository) throws {
    let mirrored = try family.empty()
    var options = PeerOptions(program: "test")
    options.onlyObjects = objects
    options.wishes = [Hello.Wish.pull]
    let (one, two) = MemoryStream.pair()
    _ = try mirror(mirrored, repository, wishes: [Hello.Wish.pull], streams: (one, two)) {
      $0.onlyObjects = objects.reversed()
    }.here.get()
    for pack in try mirrored.store.names(of: .pack) {
      let name = BlobName(.pack, pack)
      try repository.store.put(try mirrored.store.read(name), as: name)
    }
  }

  @Test func `two stores that went different ways come to one log`() throws {
    var random = SplitMix64(seed: 4)
    let (one, two) = (try family.empty(), try family.empty())
    try family.snapshot(one, sizes: [10, 20], random: &random)
    let key = try family.enrol(in: one)
    _ = try mirror(one, two, wishes: [Hello.Wish.push]).here.get()
    try family.snapshot(one, sizes: [30], random: &random)
    let more = try family.pack([40, 50], in: two.store, random: &random)
    try two.refresh()
    try family.commit(.snapshot, to: two, by: key) { $0.adds = more.sorted() }
    let ends = try mirror(one, two, wishes: [Hello.Wish.push, Hello.Wish.pull])
    #expect(try ends.here.get().received.objects == 2)
    #expect(try ends.there.get().received.objects == 1)
    #expect(one.log.frontier == two.log.frontier && one.log.frontier.count == 2)
    #expect(try faults(of: one) == [])
    #expect(try faults(of: two) == [])
  }

  @Test func `what a collection let go does not travel, and what replaces it does`() throws {
    var random = SplitMix64(seed: 5)
    let (source, mirrored) = (try family.empty(), try family.empty())
    let old = try family.snapshot(source, sizes: [10, 20], random: &random)
    let new = try family.pack([30], in: source.store, random: &random)
    try source.refresh()
    try family.commit(.condemnation, to: source) {
      $0.adds = new
      $0.replaces = new
      $0.condemns = old.sorted()
    }
    let summary = try mirror(mirrored, source, wishes: [Hello.Wish.pull]).here.get()
    #expect(summary.received.objects == 1 && summary.received.records == 2)
    #expect(try ids(mirrored) == Set(new))
    // A mirror that had them keeps them, and is not given them again.
    #expect(try mirrored.required().dead.sorted() == old.sorted())
  }

  @Test func `records whose objects are nowhere do not appear`() throws {
    var random = SplitMix64(seed: 6)
    let (source, mirrored) = (try family.empty(), try family.empty())
    try family.snapshot(source, sizes: [10], random: &random)
    let lost = ObjectID(random.digest())
    try family.commit(.snapshot, to: source) { $0.adds = [lost] }
    let ends = try mirror(source, mirrored, wishes: [Hello.Wish.push])
    guard case .failure(.incomplete([lost])) = ends.there else {
      Issue.record("\(ends.there)")
      return
    }
    guard case .failure(.peer(MirrorErrorCode.incomplete, _)) = ends.here else {
      Issue.record("\(ends.here)")
      return
    }
    #expect(try mirrored.store.names(of: .record).isEmpty)
    #expect(try ids(mirrored).count == 1)
  }

  @Test func `a dry run says what would travel and stores nothing`() throws {
    var random = SplitMix64(seed: 7)
    let (source, mirrored) = (try family.empty(), try family.empty())
    try family.snapshot(source, sizes: [5000, 5000], random: &random)
    let dry = try mirror(source, mirrored, wishes: [Hello.Wish.push, Hello.Wish.dryRun]).here.get()
    #expect(dry.given.objects == 2 && dry.given.records == 1 && dry.given.bytes > 10_000)
    #expect(try mirrored.store.names(of: .record).isEmpty)
    #expect(try mirrored.store.names(of: .pack).isEmpty)
    let wet = try mirror(source, mirrored, wishes: [Hello.Wish.push]).here.get()
    #expect(wet.counters.bytesSent == dry.given.bytes)
  }

  @Test func `a long list of objects travels with its manifest`() throws {
    var random = SplitMix64(seed: 8)
    let (source, mirrored) = (try family.empty(), try family.empty())
    let ids = try family.pack((0..<40).map { 20 + $0 }, in: source.store, random: &random)
    try source.refresh()
    let manifest = Manifest.encode(ids.sorted()[...])
    let name = PlainHash.of(manifest)
    try source.store.put(manifest, as: BlobName(.manifest, name))
    try family.commit(.snapshot, to: source) { $0.addManifests = [name] }
    let summary = try mirror(mirrored, source, wishes: [Hello.Wish.pull]).here.get()
    #expect(summary.received.objects == 40)
    #expect(try mirrored.store.names(of: .manifest) == [name])
    #expect(try faults(of: mirrored) == [])
  }

  @Test func `slots can be withheld, the keyring never`() throws {
    let (source, mirrored) = (try family.empty(), try family.empty())
    try source.store.put([1], as: BlobName(.slot, PlainHash.of([1])))
    try source.store.put([2], as: BlobName(.keyringEntry, PlainHash.of([2])))
    _ = try mirror(source, mirrored, wishes: [Hello.Wish.push, Hello.Wish.noSlots]).here.get()
    #expect(try mirrored.store.names(of: .slot).isEmpty)
    #expect(try mirrored.store.names(of: .keyringEntry).count == 1)
  }

  @Test func `objects that a store has lost are found by comparing and brought back`() throws {
    var random = SplitMix64(seed: 9)
    let (source, mirrored) = (try family.empty(), try family.empty())
    for _ in 0..<3 { try family.snapshot(source, sizes: [10, 20, 30], random: &random) }
    _ = try mirror(source, mirrored, wishes: [Hello.Wish.push]).here.get()
    let lost = Array(try ids(mirrored).sorted().prefix(4))
    try mirrored.index.markDamaged(lost)
    let ends = try mirror(
      source,
      mirrored,
      wishes: [Hello.Wish.push, Hello.Wish.compare]
    )
    #expect(try ends.there.get().healed.sorted() == lost)
    #expect(try mirrored.index.damagedObjects().isEmpty)
  }
}
