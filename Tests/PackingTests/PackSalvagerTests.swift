import TestSupport
import CoreTypes
import Sealing
import Testing

@testable import Packing

@Suite("Salvaging packs")
struct PackSalvagerTests {
  let sample: SamplePack
  let salvager: PackSalvager

  init() throws {
    sample = try SamplePack()
    salvager = try PackSalvager(keyring: sample.keyring)
  }

  private func salvage(_ bytes: [UInt8]) -> [[ChunkID]] {
    var found: [[ChunkID]] = []
    salvager.forEachObject(in: bytes) { found.append($0.chunkIDs) }
    return found
  }

  @Test func `without heads and trailer every object is found`() throws {
    let end = try #require(sample.pack.objects.first).place.headOffset
    #expect(salvage(Array(sample.bytes[..<end])) == sample.objects.map(\.chunkIDs))
    #expect(salvage(sample.bytes) == sample.objects.map(\.chunkIDs))
  }

  @Test func `of a pack that was cut, the whole objects before the cut are found`() {
    let places = sample.pack.objects.map(\.place)
    for count in stride(from: 0, to: places[0].headOffset, by: 31) {
      let whole = places.filter { $0.bodyOffset + $0.bodyByteCount <= count }.count
      let expected = sample.objects[..<whole].map(\.chunkIDs)
      #expect(salvage(Array(sample.bytes[..<count])) == expected, "\(count)")
    }
  }

  @Test func `a damaged object is passed over`() {
    for (index, object) in sample.pack.objects.enumerated() {
      for offset in [
        object.place.stubOffset + 2, object.place.stubOffset + 70,
        object.place.bodyOffset + 100,
      ] {
        var damaged = sample.bytes
        damaged[offset] ^= 4
        var expected = sample.objects.map(\.chunkIDs)
        expected.remove(at: index)
        #expect(salvage(damaged) == expected, "object \(index), offset \(offset)")
      }
    }
  }

  @Test func `a damaged object is passed over even when the caller may throw the same error`()
    throws
  {
    var damaged = sample.bytes
    damaged[sample.pack.objects[0].place.bodyOffset] ^= 1
    var found: [[ChunkID]] = []
    try salvager.forEachObject(in: damaged) { object throws(SealingError) in
      found.append(object.chunkIDs)
    }
    #expect(found == sample.objects[1...].map(\.chunkIDs))
  }

  @Test func `what the caller throws comes out`() {
    struct Enough: Error {}
    var count = 0
    #expect(throws: Enough.self) {
      try salvager.forEachObject(in: sample.bytes) { _ throws(Enough) in
        count += 1
        throw Enough()
      }
    }
    #expect(count == 1)
    #expect(throws: SealingError.notARecoveryKey) {
      try salvager.forEachObject(in: sample.bytes) { _ throws(SealingError) in
        throw SealingError.notARecoveryKey
      }
    }
  }

  @Test func `stubs in garbage and another keyring find nothing`() throws {
    var generator = SplitMix64(seed: 4)
    var garbage: [UInt8] = []
    for _ in 0..<200 {
      garbage += ObjectPreamble.stubMagic + [1, 1, 0, 0] as [UInt8]
      garbage += generator.bytes(90)
    }
    #expect(salvage(garbage) == [])
    let other = try PackSalvager(keyring: try makeKeyring())
    var count = 0
    other.forEachObject(in: sample.bytes) { _ in count += 1 }
    #expect(count == 0)
  }

  @Test func `what was salvaged can be sealed anew`() throws {
    let sealer = try ObjectSealer(
      key: sample.keyring.currentDataKey,
      identityKey: sample.keyring.currentIdentityKey.id,
      compression: .off
    )
    let opener = try ObjectOpener(keyring: sample.keyring)
    var found: [SalvagedObject] = []
    salvager.forEachObject(in: sample.bytes) { found.append($0) }
    for object in found {
      var frame = Array(object.frame.bytes[..<object.frame.byteCount])
      let anew = try sealer.sealFrame(
        &frame,
        kind: object.frame.kind,
        codec: object.frame.codec,
        identityKey: object.frame.identityKey,
        chunkIDs: object.chunkIDs
      ).named()
      try opener.openBody(anew.body, preamble: anew.preamble).prove(
        object.chunkIDs,
        naming: sample.keyring.currentIdentityKey
      )
    }
  }
}
