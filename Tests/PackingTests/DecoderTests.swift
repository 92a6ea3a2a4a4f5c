import CoreTypes
import TestSupport
import Testing

@testable import Packing

/// A trailer is read by machines without a key, whoever wrote it.
@Suite("Decoders of packs, given anything")
struct DecoderTests {
  @Test func `trailers: what is taken fits a pack`() throws {
    let sample = try SamplePack()
    let pack = sample.pack.id
    let start = try #require(sample.pack.objects.last).place
    let trailer = Array(sample.bytes[(start.headOffset + start.headByteCount)...])
    let one = PackTrailer.encode([(id: start.id, head: start.headByteCount, body: 100)])
    _ = try PackTrailer(decoding: trailer, pack: pack)
    var trailers = Mutations(of: [trailer, one], seed: TestSeed.make(for: "trailers"))
    let count = Cases.planned(80_000)
    var taken = 0
    for _ in 0..<count {
      let bytes = trailers.next()
      do throws(PackingError) {
        let trailer = try PackTrailer(decoding: bytes, pack: pack)
        #expect(trailer.byteCount == bytes.count && trailer.places.count <= 4)
        #expect(trailer.packByteCount > trailer.headsOffset)
        taken += 1
      } catch {
        // Refused: as good an answer.
      }
      if let found = PackTrailer.byteCount(fromEnd: Array(bytes.suffix(16))) {
        #expect(found % PackTrailer.lineByteCount == PackTrailer.fixedByteCount)
      }
    }
    #expect(taken > count / 100)
    Cases.tell(.decoders, 2 * count, "trailers of packs, and their ends")
  }
}
