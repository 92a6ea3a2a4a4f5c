import TestSupport
import Testing

@testable import Chunking

@Suite("Chunker") struct ChunkerTests {
  /// Random bytes with runs of zeros and of other bytes among them.
  private static func mixed(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    var content: [UInt8] = []
    while content.count < count {
      let length = Int.random(in: 1..<(1 << Int.random(in: 1...13, using: &random)), using: &random)
      switch random.next() % 4 {
      case 0: content += [UInt8](repeating: 0, count: length)
      case 1: content += [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: length)
      default: content += random.bytes(length)
      }
    }
    return content
  }

  @Test(arguments: [
    (256, 512, 513), (256, 512, 4096), (256, 1024, 4096), (300, 2048, 9000), (1000, 1024, 3000),
    (800, 1024, 5000), (1023, 1024, 1025),
  ])
  func `cuts are those of the slow reference`(_ minimum: Int, _ average: Int, _ maximum: Int) throws
  {
    for seed in 1...4 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      let keyStream = random.bytes(2048)
      let chunker = try Chunker(minimum, average, maximum, keyStream: keyStream)
      let reference = ReferenceChunker(minimum, average, maximum, keyStream: keyStream)
      let content = ChunkerTests.mixed(60_000, &random)
      let lengths = chunker.cuts(content)
      #expect(lengths == reference.cuts(content), "seed \(seed)")
      #expect(lengths.reduce(0, +) == content.count)
      for length in lengths.dropLast() { #expect(minimum + 1...maximum ~= length) }
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `content given in pieces is cut alike`(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let chunker = try Chunker(256, 1024, 4096, keyStream: random.bytes(2048))
    let content = ChunkerTests.mixed(100_000, &random)
    var lengths: [Int] = []
    var given = 0
    var waiting: [UInt8] = []
    while given < content.count {
      let more = min(Int.random(in: 1..<6000, using: &random), content.count - given)
      waiting += content[given..<given + more]
      given += more
      let isLast = given == content.count
      let used = unsafe waiting.withUnsafeBufferPointer {
        unsafe chunker.cuts(of: $0, ending: isLast ? .atEnd : .open, appendingTo: &lengths)
      }
      waiting.removeFirst(used)
      if isLast { #expect(waiting.isEmpty) } else { #expect(waiting.count < 4096) }
    }
    #expect(lengths == chunker.cuts(content), "seed \(seed)")
  }

  @Test func `a first cut is given only when it is certain`() throws {
    var random = SplitMix64(seed: 6)
    let chunker = try Chunker(256, 1024, 4096, keyStream: random.bytes(2048))
    let content = random.bytes(20_000)
    let length = try #require(chunker.first(content, .atEnd))
    #expect(length < 4096)
    #expect(chunker.first(Array(content[..<length]), .open) == length)
    #expect(chunker.first(Array(content[..<(length - 1)]), .open) == nil)
    #expect(chunker.first(Array(content[..<(length - 1)]), .atEnd) == length - 1)
    let zeros = [UInt8](repeating: 0, count: 4096)
    #expect(chunker.first(zeros, .open) == 4096)
    #expect(chunker.first(zeros.dropLast(), .open) == nil)
    #expect(chunker.first(zeros.dropLast(), .atEnd) == 4095)
  }

  @Test(arguments: [0, 1, 255, 256, 257])
  func `short content is one chunk, or none`(_ count: Int) throws {
    var random = SplitMix64(seed: 7)
    let chunker = try Chunker(256, 1024, 4096, keyStream: random.bytes(2048))
    let content = [UInt8](repeating: 9, count: count)
    #expect(chunker.first(content, .open) == nil)
    #expect(chunker.first(content, .atEnd) == (count == 0 ? nil : count))
    #expect(chunker.cuts(content) == (count == 0 ? [] : [count]))
    // A pointer to nothing is empty too.
    #expect(unsafe chunker.firstCut(in: .init(start: nil, count: 0), ending: .atEnd) == nil)
  }

  @Test func `the mean size is the average, and sizes are close to it`() throws {
    var random = SplitMix64(seed: 8)
    for (minimum, average, maximum) in [(256, 1024, 4096), (512, 1024, 4096), (256, 2048, 16_384)] {
      let chunker = try Chunker(minimum, average, maximum, keyStream: random.bytes(2048))
      let lengths = chunker.cuts(random.words(2 << 20)).map(Double.init)
      let mean = lengths.reduce(0, +) / Double(lengths.count)
      // 1,000 chunks and more with a deviation below 0.4: a mean off by 5 % is no accident.
      #expect(abs(mean / Double(average) - 1) < 0.05)
      let variance =
        lengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(lengths.count)
      #expect(variance < 0.16 * mean * mean)
    }
  }

  @Test func `a byte put in front moves the first cuts only`() throws {
    var random = SplitMix64(seed: 9)
    guard let table = GearTable(keyStream: random.bytes(2048)) else { throw TestFailure() }
    let chunker = Chunker(parameters: .standard, table: table)
    let content = random.words(8 << 20)
    func ends(_ content: [UInt8], shift: Int) -> Set<Int> {
      var end = -shift
      return Set(
        chunker.cuts(content).map { length in
          end += length
          return end
        }
      )
    }
    let before = ends(content, shift: 0)
    let after = ends([1] + content, shift: 1)
    #expect(before.count > 100)
    #expect(before.subtracting(after).count <= 5)
    #expect(after.subtracting(before).count <= 5)
  }

  @Test func `another key cuts elsewhere`() throws {
    var random = SplitMix64(seed: 10)
    let content = random.words(1 << 18)
    let one = try Chunker(256, 1024, 4096, keyStream: random.bytes(2048)).cuts(content)
    let other = try Chunker(256, 1024, 4096, keyStream: random.bytes(2048)).cuts(content)
    #expect(one != other)
  }
}
