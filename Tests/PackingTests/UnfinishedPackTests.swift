import CoreTypes
import Sealing
import Storage
import TestSupport
import Testing

@testable import Packing

@Suite("Unfinished packs")
struct UnfinishedPackTests {
  private let sample: SamplePack
  /// Everything of the pack that is written before its heads.
  private let bodies: [UInt8]
  private let kept: [UInt8]
  /// Where the body of each object ends, and where its head.
  private let bodyEnds: [Int]
  private let headEnds: [Int]

  init() throws {
    sample = try SamplePack()
    let places = sample.pack.objects.map(\.place)
    bodyEnds = places.map { $0.bodyOffset + $0.bodyByteCount }
    let start = places[0].headOffset
    bodies = Array(sample.bytes[..<start])
    kept = sample.objects.flatMap { $0.head + PlainHash.of($0.head).bytes }
    headEnds = places.enumerated().map { index, place in
      place.headOffset + place.headByteCount - start + (index + 1) * Digest.byteCount
    }
  }

  /// The objects that are saved, in order, each read back from the store and proven.
  private func saved(_ bytes: [UInt8], _ kept: [UInt8]) throws -> [ObjectID] {
    let store = try makeMemoryStore()
    var pack = UnfinishedPack(bytes, kept: kept)
    var ids: [ObjectID] = []
    let count = try pack.save(in: store) { ids += $0.places.map(\.id) }
    #expect(count == ids.count)
    let verifier = try PackVerifier(store: store, keyring: nil)
    for name in try store.names(of: .pack) {
      #expect(verifier.verify(PackID(name)).findings.isEmpty)
    }
    return ids
  }

  @Test func `cut anywhere, it yields every object that is whole, under its own id`() throws {
    let places =
      bodyEnds.flatMap { [$0 - 1, $0, $0 + 1, $0 + 87, $0 + 88, $0 + 89] }
      + Array(stride(from: 0, to: bodies.count, by: 97))
    for cut in places where cut <= bodies.count {
      let whole = bodyEnds.filter { $0 <= cut }.count
      #expect(
        try saved(Array(bodies[..<cut]), kept) == sample.objects.prefix(whole).map(\.id),
        "cut at \(cut)"
      )
    }
  }

  @Test func `cut anywhere in the heads that were kept, it yields those with a whole one`() throws {
    for cut in stride(from: 0, through: kept.count, by: 13) + headEnds + headEnds.map({ $0 - 1 }) {
      let whole = headEnds.filter { $0 <= cut }.count
      #expect(
        try saved(bodies, Array(kept[..<cut])) == sample.objects.prefix(whole).map(\.id),
        "cut at \(cut)"
      )
    }
  }

  @Test func `a changed byte costs the object in which it is, and no other`() throws {
    for (index, object) in sample.objects.enumerated() {
      let others = sample.objects.map(\.id).filter { $0 != object.id }
      var changed = bodies
      changed[bodyEnds[index] - 100] ^= 4
      #expect(try saved(changed, kept) == others)
      // In the head, of which the id is made, and in its check.
      for back in [3, Digest.byteCount + 3] {
        changed = kept
        changed[headEnds[index] - back] ^= 4
        #expect(try saved(bodies, changed) == others)
      }
      // Blocks that a power cut left empty.
      changed = bodies
      let place = sample.pack.objects[index].place
      for offset in place.stubOffset..<bodyEnds[index] { changed[offset] = 0 }
      #expect(try saved(changed, kept) == others)
    }
  }

  @Test func `what has no head is left for a reader with keys`() throws {
    let store = try makeMemoryStore()
    var pack = UnfinishedPack(bodies, kept: Array(kept[..<headEnds[0]]))
    #expect(try pack.save(in: store) { _ in } == 1)
    var found: [[ChunkID]] = []
    try PackSalvager(keyring: sample.keyring).forEachObject(in: pack.rest) {
      found.append($0.chunkIDs)
    }
    #expect(found == sample.objects.dropFirst().map(\.chunkIDs))
  }

  @Test func `an object that is there twice is saved once`() throws {
    #expect(
      try saved(bodies + bodies.dropFirst(16), kept + kept) == sample.objects.map(\.id)
    )
  }
}
