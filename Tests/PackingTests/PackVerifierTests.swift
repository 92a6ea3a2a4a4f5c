import CoreTypes
import Sealing
import Storage
import TestSupport
import Testing

@testable import Packing

@Suite("Verifying packs")
struct PackVerifierTests {
  let sample: SamplePack

  init() throws { sample = try SamplePack() }

  private func report(_ bytes: [UInt8], _ keyring: Keyring? = nil) throws -> PackReport {
    try PackVerifier(store: try sample.store(holding: bytes), keyring: keyring)
      .verify(sample.pack.id)
  }

  @Test func `a sound pack has no findings and every byte was read`() throws {
    for keyring in [nil, sample.keyring] {
      let report = try report(sample.bytes, keyring)
      #expect(report.findings == [])
      #expect(report.lost == [])
      #expect(report.objectCount == 3)
      #expect(report.byteCount == sample.bytes.count)
    }
  }

  @Test func `a changed bit in any byte is noticed without keys`() throws {
    for index in sample.bytes.indices {
      var damaged = sample.bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      #expect(try !report(damaged).findings.isEmpty, "byte \(index)")
    }
    Cases.tell(.flips, sample.bytes.count, "bits of a pack, one of each byte")
  }

  @Test func `every cut is noticed`() throws {
    var count = sample.bytes.count - 1
    while count >= 0 {
      #expect(try !report(Array(sample.bytes[..<count])).findings.isEmpty, "\(count)")
      count -= 97
    }
  }

  @Test func `only the damaged object is lost`() throws {
    let places = sample.pack.objects.map(\.place)
    for place in places {
      for offset in [place.bodyOffset, place.headOffset] {
        var damaged = sample.bytes
        damaged[offset + 10] ^= 1
        for keyring in [nil, sample.keyring] {
          let report = try report(damaged, keyring)
          #expect(report.lost == [place.id])
          #expect(report.findings.count == 1)
        }
        let reader = PackReader(store: try sample.store(holding: damaged))
        let opener = try ObjectOpener(keyring: sample.keyring)
        for other in places where other != place {
          let (preamble, body) = try reader.body(of: other, in: sample.pack.id)
          _ = try opener.openBody(body, preamble: preamble)
        }
        let trailer = try reader.trailer(of: sample.pack.id)
        let heads = try reader.heads(of: sample.pack.id, trailer: trailer)
        let sound = heads.filter { (try? $0.get()) != nil }.count
        #expect(sound == (offset == place.headOffset ? 2 : 3))
      }
    }
  }

  @Test func `every changed bit of a stub leaves its object readable`() throws {
    let place = sample.pack.objects[1].place
    let opener = try ObjectOpener(keyring: sample.keyring)
    for bit in 0..<ObjectPreamble.stubByteCount * 8 {
      var damaged = sample.bytes
      damaged[place.stubOffset + bit / 8] ^= 1 << UInt8(bit % 8)
      let report = try report(damaged)
      #expect(report.findings.count == 1 && report.lost == [], "bit \(bit)")
      let reader = PackReader(store: try sample.store(holding: damaged))
      let (preamble, body) = try reader.body(of: place, in: sample.pack.id)
      if preamble != sample.objects[1].preamble {
        // Well-formed but wrong: it does not open, and the head tells the reader why.
        #expect(throws: SealingError.self) { try opener.openBody(body, preamble: preamble) }
      }
      let head = try reader.head(of: place, in: sample.pack.id)
      let opened = try opener.openBody(body, preamble: head.preamble)
      #expect(opened.lengths.count == 20, "bit \(bit)")
    }
  }

  @Test func `with keys, content that is not what its directory names is noticed`() throws {
    let lie = sample.objects[0].chunkIDs
    let content: [UInt8] = [9, 9, 9, 9]
    var sealer = try ObjectSealer(
      key: sample.keyring.currentDataKey,
      identityKey: sample.keyring.currentIdentityKey.id,
      compression: .off
    )
    let object = try sealer.seal(
      kind: .data,
      chunkIDs: lie,
      lengths: [4],
      plaintext: content.span
    ).named()
    let store = try makeMemoryStore()
    var writer = try PackWriter(in: store)
    try writer.append(object)
    let pack = try writer.finish()
    #expect(try PackVerifier(store: store, keyring: nil).verify(pack.id).findings == [])
    let report = try PackVerifier(store: store, keyring: sample.keyring).verify(pack.id)
    #expect(report.findings == [.sealed(object.id, pack: pack.id, .wrongContent(lie[0]))])
    #expect(report.lost == [object.id])
  }

  @Test func `verifying heads alone notices heads and trailer, and not bodies`() throws {
    let place = sample.pack.objects[2].place
    let cases: [(Int, Set<ObjectID>)] = [(place.headOffset, [place.id]), (place.bodyOffset, [])]
    for (offset, lost) in cases {
      var damaged = sample.bytes
      damaged[offset] ^= 1
      let verifier = try PackVerifier(store: try sample.store(holding: damaged), keyring: nil)
      let report = verifier.verifyHeads(sample.pack.id)
      #expect(report.lost == lost)
      #expect(report.findings.count == lost.count)
      #expect(report.objectCount == 3)
    }
  }
}
