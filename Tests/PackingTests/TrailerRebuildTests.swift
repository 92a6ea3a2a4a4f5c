import CoreTypes
import Storage
import Testing

@testable import Packing

@Suite("Packs with a damaged list of objects")
struct TrailerRebuildTests {
  let sample: SamplePack
  /// Bytes before the trailer.
  let trailerStart: Int

  init() throws {
    sample = try SamplePack()
    let last = try #require(sample.pack.objects.last).place
    trailerStart = last.headOffset + last.headByteCount
  }

  private func requireEveryObject(_ bytes: [UInt8], _ what: String) throws {
    let store = try sample.store(holding: bytes)
    let reader = PackReader(store: store)
    let trailer = try reader.trailer(of: sample.pack.id)
    #expect(trailer.places == sample.pack.objects.map(\.place), "\(what)")
    for keyring in [nil, sample.keyring] {
      let verifier = try PackVerifier(store: store, keyring: keyring)
      let report = verifier.verify(sample.pack.id)
      #expect(!report.findings.isEmpty, "\(what)")
      #expect(report.lost.isEmpty && !report.isUnlisted, "\(what)")
      #expect(report.objectCount == 3, "\(what)")
    }
  }

  @Test func `any damage to the list leaves every object where it is found without a key`() throws {
    for index in trailerStart..<sample.bytes.count {
      var damaged = sample.bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      try requireEveryObject(damaged, "byte \(index)")
    }
    for count in trailerStart..<sample.bytes.count {
      try requireEveryObject(Array(sample.bytes[..<count]), "cut at \(count)")
    }
    try requireEveryObject(sample.bytes + [0, 1, 2], "bytes behind it")
  }

  @Test func `where a stub or a head is damaged too, the list stays lost`() throws {
    let place = try #require(sample.pack.objects.dropFirst().first).place
    for offset in [place.stubOffset + 1, place.stubOffset + 84, place.headOffset + 50] {
      var damaged = sample.bytes
      damaged[trailerStart + 20] ^= 1
      damaged[offset] ^= 1
      let store = try sample.store(holding: damaged)
      #expect(throws: PackingError.self) {
        try PackReader(store: store).trailer(of: sample.pack.id)
      }
      let report = try PackVerifier(store: store, keyring: nil).verify(sample.pack.id)
      #expect(report.isUnlisted, "offset \(offset)")
    }
    // Cut within the heads.
    let cut = Array(sample.bytes[..<(trailerStart - 1)])
    let report = try PackVerifier(store: try sample.store(holding: cut), keyring: nil)
      .verify(sample.pack.id)
    #expect(report.isUnlisted)
  }
}
