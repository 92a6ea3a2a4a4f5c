import CoreTypes
import Sealing
import Storage
import TestSupport
import Testing

@testable import Packing

@Suite("Packs")
struct PackTests {
  let sample: SamplePack
  let store: MemoryStore
  let reader: PackReader

  init() throws {
    sample = try SamplePack()
    store = try sample.store(holding: sample.bytes)
    reader = PackReader(store: store)
  }

  @Test func `trailer, heads and bodies read back`() throws {
    let trailer = try reader.trailer(of: sample.pack.id)
    #expect(trailer.places == sample.pack.objects.map(\.place))
    #expect(trailer.places.map(\.id) == sample.objects.map(\.id))
    #expect(trailer.packByteCount == sample.bytes.count)
    #expect(sample.pack.byteCount == sample.bytes.count)
    let heads = try reader.heads(of: sample.pack.id, trailer: trailer).map { try $0.get() }
    let opener = try ObjectOpener(keyring: sample.keyring)
    for (index, place) in trailer.places.enumerated() {
      #expect(try reader.head(of: place, in: sample.pack.id) == heads[index])
      let (preamble, body) = try reader.body(of: place, in: sample.pack.id)
      #expect(preamble == heads[index].preamble)
      #expect(body == sample.objects[index].body)
      try opener.openBody(body, preamble: preamble).prove(
        try opener.directory(of: heads[index]).chunkIDs,
        naming: sample.keyring.currentIdentityKey
      )
    }
  }

  @Test func `a pack's name is the hash of its trailer`() throws {
    let trailer = try reader.trailer(of: sample.pack.id)
    let end = Array(sample.bytes[(sample.bytes.count - trailer.byteCount)...])
    #expect(PackID(PlainHash.of(end)) == sample.pack.id)
    #expect(try store.names(of: .pack) == [sample.pack.id.digest])
  }

  @Test func `the places tile the file`() throws {
    let trailer = try reader.trailer(of: sample.pack.id)
    var ranges = [0..<16]
    for place in trailer.places {
      ranges.append(place.stubOffset..<place.bodyOffset)
      ranges.append(place.bodyOffset..<place.bodyOffset + place.bodyByteCount)
      ranges.append(place.headOffset..<place.headOffset + place.headByteCount)
    }
    ranges.append(sample.bytes.count - trailer.byteCount..<sample.bytes.count)
    ranges.sort { $0.lowerBound < $1.lowerBound }
    for (one, next) in zip(ranges, ranges.dropFirst()) {
      #expect(one.upperBound == next.lowerBound)
    }
    #expect(ranges.last?.upperBound == sample.bytes.count)
    let stored = trailer.places.reduce(48) { $0 + $1.storedByteCount }
    #expect(stored == sample.bytes.count)
  }

  @Test func `an abandoned pack leaves nothing`() throws {
    let store = try makeMemoryStore()
    var writer = try PackWriter(in: store)
    try writer.append(sample.objects[0])
    writer.abandon()
    #expect(try store.names(of: .pack) == [])
  }

  @Test func `a pack that is missing, empty or not a pack is refused`() throws {
    let id = sample.pack.id
    let missing = PackingError.storage(.missing(BlobName(.pack, id.digest)))
    #expect(throws: missing) { try PackReader(store: try makeMemoryStore()).trailer(of: id) }
    let wrong: [[UInt8]] = [
      [], [0], Array(sample.bytes.reversed()), Array(repeating: 0, count: 10_000),
    ]
    for bytes in wrong {
      let reader = PackReader(store: try sample.store(holding: bytes))
      #expect(throws: PackingError.self) { try reader.trailer(of: id) }
    }
  }

  @Test func `a pack under another's name is refused`() throws {
    let other = PackID(PlainHash.of([1]))
    try store.put(sample.bytes, as: BlobName(.pack, other.digest))
    #expect(
      throws: PackingError.damagedTrailer(other, reason: "its hash is not the pack's name")
    ) { try reader.trailer(of: other) }
  }

  @Test func `a longer pack is refused even though its trailer is sound`() throws {
    let longer = Array(sample.bytes[..<16]) + [0] + Array(sample.bytes[16...])
    let reader = PackReader(store: try sample.store(holding: longer))
    let count = sample.bytes.count
    #expect(
      throws: PackingError.wrongLength(sample.pack.id, expected: count, found: count + 1)
    ) { try reader.trailer(of: sample.pack.id) }
  }

  @Test func `trailers with impossible objects are refused`() throws {
    let id = sample.objects[0].id
    let other = sample.objects[1].id
    for lines in [
      [(id: id, head: 200, body: 100), (id: id, head: 200, body: 100)],
      [(id: id, head: 120, body: 100)], [(id: id, head: Int(UInt32.max), body: 100)],
      [(id: id, head: 200, body: Int(UInt32.max)), (id: other, head: 200, body: 100)],
    ] {
      let bytes = PackTrailer.encode(lines)
      #expect(throws: PackingError.self, "\(lines)") {
        try PackTrailer(decoding: bytes, pack: sample.pack.id)
      }
    }
    let sound = PackTrailer.encode([(id: id, head: 200, body: 100)])
    for count in 0..<sound.count {
      #expect(throws: PackingError.self) {
        try PackTrailer(decoding: Array(sound[..<count]), pack: sample.pack.id)
      }
    }
  }
}
