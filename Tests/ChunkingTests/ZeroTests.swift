import TestSupport
import Testing

@testable import Chunking

/// Formats/chunking.md §5.
@Suite("Chunking: zeros") struct ZeroTests {
  private static func isAllZero(_ bytes: [UInt8]) -> Bool {
    unsafe bytes.withUnsafeBufferPointer { unsafe ZeroTest.isAllZero($0) }
  }

  /// Random key streams, and those that a rule for zeros could stumble over.
  private static var keyStreams: [[UInt8]] {
    var random = SplitMix64(seed: 11)
    var streams = (0..<20).map { _ in random.bytes(2048) }
    for byte in [0x00, 0x01, 0x7F, 0x80, 0xFF] as [UInt8] {
      streams.append([UInt8](repeating: byte, count: 2048))
      // Only the word of the zero byte.
      streams.append([UInt8](repeating: byte, count: 8) + random.bytes(2040))
    }
    return streams
  }

  @Test func `a run of zeros is cut at the maximum under every key`() throws {
    let zeros = [UInt8](repeating: 0, count: 3 * 5000 + 77)
    for keyStream in ZeroTests.keyStreams {
      for (minimum, average) in [(256, 512), (256, 1024), (512, 4096)] {
        let chunker = try Chunker(minimum, average, 5000, keyStream: keyStream)
        #expect(chunker.cuts(zeros) == [5000, 5000, 5000, 77])
        // Without the shortcut for zeros at the start of a chunk it is the same.
        let reference = ReferenceChunker(minimum, average, 5000, keyStream: keyStream)
        #expect(reference.cuts(zeros) == [5000, 5000, 5000, 77])
      }
    }
  }

  @Test func `zeros after other bytes are cut among the first 57 or at the maximum`() throws {
    var random = SplitMix64(seed: 12)
    var cutsAmongFirst = 0
    for keyStream in ZeroTests.keyStreams {
      let chunker = try Chunker(256, 512, 5000, keyStream: keyStream)
      for _ in 0..<100 {
        let before = Int.random(in: 1..<400, using: &random)
        let length = try #require(
          chunker.first(random.bytes(before) + [UInt8](repeating: 0, count: 5000), .atEnd)
        )
        if before..<5000 ~= length {
          cutsAmongFirst += 1
          #expect(length <= before + 57)
        }
      }
    }
    // It does happen: else the test would say nothing.
    #expect(cutsAmongFirst > 0)
  }

  @Test func `zeros at the start change nothing but the place`() throws {
    var random = SplitMix64(seed: 13)
    let keyStream = random.bytes(2048)
    let chunker = try Chunker(256, 1024, 4096, keyStream: keyStream)
    let reference = ReferenceChunker(256, 1024, 4096, keyStream: keyStream)
    for count in 200..<500 {
      let content = [UInt8](repeating: 0, count: count) + random.bytes(4096)
      #expect(chunker.first(content, .atEnd) == reference.firstCut(content[...]), "\(count)")
    }
  }

  @Test func `one byte that is not zero is found wherever it is`() {
    for count in [1, 7, 31, 32, 33, 63, 64, 65, 100, 200] {
      var bytes = [UInt8](repeating: 0, count: count)
      #expect(ZeroTests.isAllZero(bytes))
      for index in bytes.indices {
        bytes[index] = 0x80
        #expect(!ZeroTests.isAllZero(bytes))
        bytes[index] = 0
      }
    }
    #expect(ZeroTests.isAllZero([]))
    #expect(unsafe ZeroTest.isAllZero(.init(start: nil, count: 0)))
  }
}
