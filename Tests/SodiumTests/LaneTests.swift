import TestSupport
import Testing

@testable import Sodium

@Suite("BLAKE2b of many messages")
struct LaneTests {
  private static let key = SecretBytes(copying: Array(0..<32))
  private static let personal = Personalisation("kist chunk data")

  /// Hashes parts of one buffer together and one by one.
  private func compare(_ ranges: [Range<Int>], of bytes: [UInt8], _ comment: String) {
    unsafe bytes.withUnsafeBytes { buffer in
      let together = unsafe Blake2b.keyed256(
        key: LaneTests.key,
        personal: LaneTests.personal,
        ranges: ranges,
        of: buffer
      )
      let alone = ranges.map { range in
        unsafe Blake2b.keyed256(
          key: LaneTests.key,
          personal: LaneTests.personal,
          UnsafeRawBufferPointer(rebasing: buffer[range])
        )
      }
      #expect(together == alone, "\(comment)")
    }
    let messages = ranges.map { Array(bytes[$0]) }
    #expect(
      Blake2b.hash256(each: messages) == messages.map { Blake2b.hash256($0.span) },
      "\(comment)"
    )
  }

  @Test func `each length around a block gives what libsodium gives`() {
    let bytes = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for count in 0...520 { compare([0..<count], of: bytes, "\(count) bytes") }
  }

  @Test func `any number of messages, of any lengths, gives what libsodium gives`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    let bytes = (0..<8192).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for round in 0..<400 {
      let ranges = (0..<Int(random.next() % 21)).map { _ in
        let length = Int(random.next() % (round % 2 == 0 ? 600 : 4096))
        let start = Int(random.next() % 4096)
        return start..<start + length
      }
      compare(ranges, of: bytes, "seed \(seed), round \(round)")
    }
  }

  @Test func `no message gives no hash`() {
    compare([], of: [1, 2, 3], "none")
    compare([], of: [], "nothing")
    compare([0..<0, 0..<0], of: [], "empty messages of nothing")
  }

  @Test func `one long message beside short ones keeps its place`() {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    compare([0..<3, 0..<100_000, 5..<6, 0..<0, 128..<256, 1..<129], of: bytes, "mixed")
  }
}
