import TestSupport
import CoreTypes
import Testing

@Suite("Identities") struct IdentityTests {
  @Test func `an identity is its digest`() throws {
    let bytes = [UInt8](0..<32)
    let chunk = try #require(ChunkID(bytes))
    #expect(chunk.digest.bytes == bytes)
    #expect(chunk.description == chunk.digest.description)
    #expect(ObjectID(bytes)?.digest == chunk.digest)
    #expect(PackID(bytes[..<31]) == nil)
    #expect(RecordID(Digest(words: 0, 0, 0, 1)) < RecordID(Digest(words: 0, 0, 1, 0)))
    #expect(RepositoryID(Digest(words: 0, 0, 0, 1)) != RepositoryID(Digest(words: 0, 0, 1, 0)))
  }

  @Test func `a short identity has sixteen bytes`() throws {
    var random = SplitMix64(seed: 3)
    for _ in 0..<200 {
      let left = random.bytes(16)
      var right = random.bytes(16)
      let common = Int(random.next() % 17)
      right.replaceSubrange(..<common, with: left[..<common])
      let one = try #require(ShortIdentity(left))
      let other = try #require(ShortIdentity(right))
      #expect(one.bytes == left)
      #expect((one < other) == left.lexicographicallyPrecedes(right))
      #expect((one == other) == (left == right))
      #expect(one.description == Hexadecimal.text(of: left))
    }
    for count in [0, 8, 15, 17, 32] {
      #expect(ShortIdentity([UInt8](repeating: 0, count: count)) == nil)
    }
  }

  @Test func `moments are ordered by seconds, then nanoseconds`() {
    let moments = [
      PointInTime(seconds: .min, nanoseconds: 999_999_999), PointInTime(seconds: -1),
      PointInTime(seconds: -1, nanoseconds: 1), PointInTime(seconds: 0),
      PointInTime(seconds: 0, nanoseconds: 999_999_999), PointInTime(seconds: .max),
    ]
    #expect(moments.shuffled().sorted() == moments)
  }
}
