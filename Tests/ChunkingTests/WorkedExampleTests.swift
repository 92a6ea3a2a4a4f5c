import Testing

@testable import Chunking

/// Formats/chunking.md §6.
@Suite("Chunking: worked example") struct WorkedExampleTests {
  private static let lengths = [
    1488, 784, 968, 920, 907, 937, 1184, 1069, 824, 1139, 270, 1164, 4096, 4096, 2207, 1207,
    892, 884, 296, 1557, 1008, 103,
  ]

  private static var content: [UInt8] {
    var generator = PageGenerator(seed: 2)
    return generator.bytes(12_000) + [UInt8](repeating: 0, count: 10_000) + generator.bytes(6000)
  }

  private static var keyStream: [UInt8] {
    var generator = PageGenerator(seed: 1)
    return generator.bytes(2048)
  }

  @Test func `the chunks have the lengths of the page`() throws {
    let chunker = try Chunker(256, 1024, 4096, keyStream: WorkedExampleTests.keyStream)
    #expect(chunker.cuts(WorkedExampleTests.content) == WorkedExampleTests.lengths)
    let reference = ReferenceChunker(256, 1024, 4096, keyStream: WorkedExampleTests.keyStream)
    #expect(reference.cuts(WorkedExampleTests.content) == WorkedExampleTests.lengths)
  }

  @Test func `the table has the words of the page`() throws {
    let table = try #require(GearTable(keyStream: WorkedExampleTests.keyStream))
    #expect(table.zeroRunHash == 0x13ff_ffcb_62a5_826c)
    let words = unsafe table.withWords { words in
      unsafe [words[0], words[1], words[255]]
    }
    #expect(words == [0xec00_0034_9d5a_7d94, 0xbf3e_51c8_89be_32d6, 0x6748_009a_c148_5592])
  }

  @Test func `the derived sizes are those of the page`() throws {
    let small = try ChunkingParameters(minimum: 256, average: 1024, maximum: 4096)
    #expect(small.normalPoint == 841)
    #expect(small.strictThreshold == 1 << 52)
    #expect(small.looseThreshold == 1 << 56)
    let standard = ChunkingParameters.standard
    #expect(standard.normalPoint == 53_833)
    #expect(standard.strictThreshold == 1 << 46)
    #expect(standard.looseThreshold == 1 << 50)
  }
}
