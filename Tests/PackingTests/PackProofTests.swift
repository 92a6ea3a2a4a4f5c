import CoreTypes
import Testing

@testable import Packing

@Suite("Proving packs as they come")
struct PackProofTests {
  let sample: SamplePack

  init() throws { sample = try SamplePack() }

  /// The name that some bytes prove, sent in pieces of a size.
  private func name(_ bytes: [UInt8], pieces size: Int) throws -> PackID {
    var proof = PackProof()
    for start in stride(from: 0, to: bytes.count, by: size) {
      try proof.append(Array(bytes[start..<min(start + size, bytes.count)]))
    }
    #expect(proof.byteCount == bytes.count)
    return try proof.finish()
  }

  @Test func `a sound pack proves its name, in pieces of whatever size`() throws {
    for size in [1, 2, 3, 7, 16, 87, 88, 89, 1000, sample.bytes.count] {
      #expect(try name(sample.bytes, pieces: size) == sample.pack.id)
    }
  }

  @Test func `a changed bit in any byte is refused`() throws {
    for index in sample.bytes.indices {
      var damaged = sample.bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      #expect(throws: PackingError.self, "byte \(index)") { try name(damaged, pieces: 4096) }
    }
  }

  @Test func `a pack that is cut anywhere, or goes on, is refused`() throws {
    for count in 0..<sample.bytes.count {
      #expect(throws: PackingError.self, "\(count)") {
        try name(Array(sample.bytes[..<count]), pieces: 4096)
      }
    }
    #expect(throws: PackingError.self) { try name(sample.bytes + [0], pieces: 4096) }
  }

  @Test func `an object twice, heads in another order and no object at all are refused`() throws {
    let places = sample.pack.objects.map(\.place)
    func part(_ start: Int, _ count: Int) -> [UInt8] { Array(sample.bytes[start..<start + count]) }
    func made(bodies: [Int], heads: [Int]) -> [UInt8] {
      PackTrailer.header
        + bodies.flatMap { part(places[$0].stubOffset, 88 + places[$0].bodyByteCount) }
        + heads.flatMap { part(places[$0].headOffset, places[$0].headByteCount) }
        + PackTrailer.encode(
          heads.map {
            (id: places[$0].id, head: places[$0].headByteCount, body: places[$0].bodyByteCount)
          }
        )
    }
    #expect(try name(made(bodies: [0, 1, 2], heads: [0, 1, 2]), pieces: 500) == sample.pack.id)
    _ = try name(made(bodies: [2, 0], heads: [2, 0]), pieces: 500)
    for (bodies, heads) in [
      ([0, 0], [0, 0]), ([0, 1], [1, 0]), ([0, 1], [0]), ([0], [0, 1]), ([], []),
    ] {
      #expect(throws: PackingError.self, "\(bodies) \(heads)") {
        try name(made(bodies: bodies, heads: heads), pieces: 500)
      }
    }
  }
}
