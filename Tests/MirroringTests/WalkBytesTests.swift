import TestSupport
import CoreTypes
import Foundation
import Mirroring
import Testing

/// The table of Docs/PERFORMANCE.md: bytes and round trips of a walk over synthetic names.
///
/// `KIST_BENCH=7 swift test -c release -Xswiftc -enable-testing --filter WalkBytesTests` prints it for 10^4 to 10^7 names.
@Suite("Bytes of a walk")
struct WalkBytesTests {
  private static let exponent = Int(ProcessInfo.processInfo.environment["KIST_BENCH"] ?? "") ?? 0

  /// Uniform names in order, without sorting: one in each of `count` equal parts of the space.
  private func names(_ count: Int, _ random: inout SplitMix64) -> [Digest] {
    let step = UInt64.max / UInt64(count)
    return (0..<count).map { index in
      Digest(
        words: UInt64(index) * step + random.next() % step,
        random.next(),
        random.next(),
        random.next()
      )
    }
  }

  @Test(.enabled(if: exponent >= 4))
  func `the table`() throws {
    print("names | differing | bytes | of which answers | round trips")
    for power in 4...Self.exponent {
      let count = (0..<power).reduce(1) { product, _ in product * 10 }
      var random = SplitMix64(seed: 42)
      let all = names(count, &random)
      let other = DigestSet(ascending: ContiguousArray(all))
      for missing in [0, 1, 10, 100, 1000, 10_000] where missing < count {
        // Every so many of them is what this end lacks.
        let stride = missing == 0 ? Int.max : count / missing
        let own = DigestSet(
          ascending: ContiguousArray(
            all.enumerated().filter { $0.offset % stride != stride / 2 }.map(\.element)
          )
        )
        var walk = DigestWalk(.objects, own: own)
        var asked = walk.start(peerDigest: other.digest)
        var (sent, received, rounds) = (0, 16, 0)
        while !asked.isEmpty {
          rounds += 1
          var next: [NamePrefix] = []
          for start in Swift.stride(from: 0, to: asked.count, by: 512) {
            let part = Array(asked[start..<min(start + 512, asked.count)])
            sent += Message.walk(.objects, part).frame.bytes.count
            let nodes = part.map { NameSet.objects.node(of: other, below: $0) }
            received += Message.nodes(.objects, nodes).frame.bytes.count
            for node in nodes { next += try walk.received(node) }
          }
          asked = next
        }
        #expect(walk.missing.count == other.count - own.count)
        print("\(count) | \(walk.missing.count) | \(sent + received) | \(received) | \(rounds)")
      }
    }
  }
}
