import CoreTypes
import Indexing
import Packing
import Repositories
import Sealing
import Storage
import TestSupport
import Testing

@testable import Mirroring

@Suite("Objects that are given")
struct ObjectSupplyTests {
  private let family: Family
  private let store: MemoryStore
  /// In the order of their places.
  private let ids: [[ObjectID]]

  init() throws {
    family = try Family()
    store = try family.emptyStore()
    var random = SplitMix64(seed: 11)
    var made: [[ObjectID]] = []
    for _ in 0..<2 {
      made.append(try family.pack([900, 20, 70_000, 5, 300], in: store, random: &random))
    }
    ids = made
  }

  /// Everything that a giver says of these objects: those that it sends, and those that it lacks.
  private func given(
    _ names: [Digest],
    _ repository: KeylessRepository
  ) throws -> (sent: [ObjectID], absent: Set<ObjectID>) {
    var supply = ObjectSupply(of: repository)
    for part in stride(from: 0, to: names.count, by: 3) { try supply.add(names[part...].prefix(3)) }
    try supply.finish()
    var (sent, absent, byteCount): ([ObjectID], Set<ObjectID>, Int) = ([], [], 0)
    while let piece = try supply.nextPiece() {
      switch piece {
      case .message(.absent(.object, let name)): absent.insert(ObjectID(name))
      case .message(let message): Issue.record("\(message)")
      case .item(let item):
        let head = try ObjectHead(decoding: Array(item.head))
        #expect(head.id.digest == item.start.name)
        #expect(PlainHash.of(Array(item.body)) == head.bodyHash)
        #expect(item.start.headByteCount == item.head.count)
        #expect(item.start.bodyByteCount == item.body.count)
        byteCount += item.byteCount
        sent.append(head.id)
      }
    }
    if absent.isEmpty { #expect(supply.byteCount == byteCount) }
    #expect(supply.nameCount == names.count)
    return (sent, absent)
  }

  @Test func `objects come pack by pack in the order of their places, whatever the list's`() throws
  {
    let repository = try family.open(store)
    let packs = try repository.index.allPacks().map(\.pack)
    let inOrder = try packs.flatMap { try repository.packs.trailer(of: $0).places.map(\.id) }
    var random = SplitMix64(seed: 12)
    let unknown = ObjectID(random.digest())
    let all = try given((inOrder + [unknown]).shuffled(using: &random).map(\.digest), repository)
    #expect(all.sent == inOrder)
    #expect(all.absent == [unknown])
    let some = inOrder.enumerated().filter { $0.offset % 3 != 1 }.map(\.element)
    #expect(try given(some.reversed().map(\.digest), repository).sent == some)
    #expect(try given([], repository).sent == [])
    let twice = try given([some[2], some[0], some[2]].map(\.digest), repository)
    #expect(twice.sent == [some[0], some[2], some[2]])
  }

  @Test func `a pack whose list is damaged still gives its objects`() throws {
    let repository = try family.open(store)
    let pack = BlobName(.pack, try #require(try repository.index.allPacks().first).pack.digest)
    var bytes = try store.read(pack)
    bytes[bytes.count - 20] ^= 1
    try store.remove(pack)
    try store.put(bytes, as: pack)
    let all = try given(ids.joined().map(\.digest), repository)
    #expect(Set(all.sent) == Set(ids.joined()))
    #expect(all.absent == [])
  }

  @Test func `of a pack that is cut short or gone, what is not there is absent`() throws {
    let repository = try family.open(store)
    let first = try #require(try repository.index.allPacks().first).pack
    let places = try repository.packs.trailer(of: first).places
    let pack = BlobName(.pack, first.digest)
    let bytes = try store.read(pack)
    try store.remove(pack)
    // Without the last head and what follows it.
    try store.put(Array(bytes[..<places[4].headOffset]), as: pack)
    let names = ids.joined().map(\.digest)
    let cut = try given(names, repository)
    #expect(cut.absent == [places[4].id])
    #expect(cut.sent.count == 9)
    try store.remove(pack)
    let gone = try given(names, repository)
    #expect(gone.absent == Set(places.map(\.id)))
    #expect(gone.sent.count == 5)
  }
}
