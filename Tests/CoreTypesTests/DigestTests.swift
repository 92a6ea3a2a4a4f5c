import TestSupport
import CoreTypes
import Testing

@Suite("Digest") struct DigestTests {
  @Test func `bytes come back in their order`() throws {
    var random = SplitMix64(seed: 1)
    for _ in 0..<100 {
      let bytes = random.bytes(32)
      let digest = try #require(Digest(bytes))
      #expect(digest.bytes == bytes)
      #expect(Digest([7] + bytes) == nil)
      #expect(Digest(([7] + bytes)[1...]) == digest)
      var output: [UInt8] = [1]
      digest.append(to: &output)
      #expect(output == [1] + bytes)
      #expect(digest.prefix == bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) })
    }
  }

  @Test(arguments: [0, 1, 31, 33, 64])
  func `another count of bytes is no digest`(_ count: Int) {
    #expect(Digest([UInt8](repeating: 0, count: count)) == nil)
  }

  @Test func `words are big-endian`() {
    let digest = Digest(words: 1, 2, 3, 0xFF00_0000_0000_0004)
    #expect(digest.bytes[7] == 1)
    #expect(digest.bytes[15] == 2)
    #expect(digest.bytes[23] == 3)
    #expect(digest.bytes[24] == 0xFF)
    #expect(digest.bytes[31] == 4)
  }

  @Test func `order is the order of the bytes`() throws {
    let seed: UInt64 = 2
    var random = SplitMix64(seed: seed)
    for round in 0..<2000 {
      var left = random.bytes(32)
      var right = random.bytes(32)
      // A common start, so that every word decides sometimes.
      let common = Int(random.next() % 33)
      left.replaceSubrange(..<common, with: right[..<common])
      if round == 0 { right = left }
      let less = left.lexicographicallyPrecedes(right)
      #expect(
        (try #require(Digest(left)) < #require(Digest(right))) == less,
        "seed \(seed) \(round)"
      )
    }
  }

  @Test func `text has sixty-four digits and reads back`() throws {
    let digest = try #require(Digest(Array(0..<32)))
    #expect(
      digest.description == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    )
    #expect(digest.short == "00010203")
    #expect(Digest(hexadecimal: digest.description) == digest)
    #expect(Digest(hexadecimal: digest.description.uppercased()) == digest)
    #expect(Digest(hexadecimal: digest.description.dropLast()) == nil)
    #expect(Digest(hexadecimal: digest.description.dropLast(2)) == nil)
    #expect(Digest(hexadecimal: digest.description + "00") == nil)
    #expect(Digest(hexadecimal: "g" + digest.description.dropFirst()) == nil)
  }

  @Test func `equal digests have equal hashes, and sets tell others apart`() throws {
    let one = Digest(words: 1, 2, 3, 4)
    let set: Set = [
      one, Digest(words: 1, 2, 3, 4), Digest(words: 1, 2, 3, 5), Digest(words: 2, 2, 3, 4),
    ]
    #expect(set.count == 3)
    #expect(set.contains(one))
  }
}
