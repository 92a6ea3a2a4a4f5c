import TestSupport
import CoreTypes
import Mirroring
import Testing

@Suite("Digest walk")
struct WalkTests {
  /// Walks from `own` over what `other` has; returns missing parts, and bytes and round trips on the wire.
  private func walk(
    _ set: NameSet,
    own: DigestSet,
    other: DigestSet
  ) throws -> (missing: [(prefix: NamePrefix, part: [UInt8])], bytes: Int, rounds: Int) {
    var walk = DigestWalk(set, own: own)
    var asked = walk.start(peerDigest: other.digest)
    var bytes = 16
    var rounds = 0
    while !asked.isEmpty {
      rounds += 1
      var next: [NamePrefix] = []
      var start = 0
      while start < asked.count {
        let part = Array(asked[start..<min(start + 512, asked.count)])
        start += part.count
        bytes += Message.walk(set, part).frame.bytes.count
        let answer = Message.nodes(set, part.map { set.node(of: other, below: $0) }).frame
        bytes += answer.bytes.count
        guard case .nodes(_, let nodes)? = try Message(answer) else { throw MirrorError.closed }
        for node in nodes { next += try walk.received(node) }
      }
      asked = next
    }
    #expect(walk.isFinished)
    return (missing: walk.missing, bytes: bytes, rounds: rounds)
  }

  @Test(arguments: [0, 1, 20, 33, 500, 5000])
  func `every name that the other end has more is found`(count: Int) throws {
    for seed in UInt64(0)..<5 {
      var random = SplitMix64(seed: seed)
      let both = (0..<count).map { _ in random.digest() }
      let more = (0..<Int.random(in: 0...60, using: &random)).map { _ in random.digest() }
      let mine = (0..<Int.random(in: 0...60, using: &random)).map { _ in random.digest() }
      let found = try walk(.records, own: DigestSet(both + mine), other: DigestSet(both + more))
      #expect(Set(found.missing.compactMap { Digest($0.part) }) == Set(more), "seed \(seed)")
    }
  }

  @Test func `equal sets need nothing, and a repeated name counts once`() throws {
    var random = SplitMix64(seed: 1)
    let names = (0..<100).map { _ in random.digest() }
    let found = try walk(
      .objects,
      own: DigestSet(names + names),
      other: DigestSet(names.shuffled())
    )
    #expect(found.missing.isEmpty && found.rounds == 0)
  }

  @Test func `names that share sixty bits are told apart in whole lists`() throws {
    let names = (0..<100).map {
      Digest(words: 0xABCD_EF01_2345_6780 | UInt64($0 % 16), 0, 0, UInt64($0))
    }
    let found = try walk(.records, own: DigestSet(names.prefix(50)), other: DigestSet(names))
    #expect(found.missing.count == 50)
  }

  @Test func `a walk costs what the sum says`() throws {
    var random = SplitMix64(seed: 3)
    let both = (0..<20_000).map { _ in random.digest() }
    let more = (0..<10).map { _ in random.digest() }
    let found = try walk(.objects, own: DigestSet(both), other: DigestSet(both + more))
    #expect(found.missing.count == 10)
    #expect(found.bytes < 20_000, "\(found.bytes)")
    #expect(found.rounds == 4)
  }
}
