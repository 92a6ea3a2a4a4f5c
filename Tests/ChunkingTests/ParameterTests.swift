import Testing

@testable import Chunking

@Suite("Chunking: sizes and table") struct ParameterTests {
  @Test(arguments: [
    (255, 1024, 4096, ChunkingError.minimumTooSmall(255)),
    (0, 1024, 4096, .minimumTooSmall(0)),
    (.min, 1024, 4096, .minimumTooSmall(.min)),
    (256, 1024, (16 << 20) + 1, .maximumTooLarge((16 << 20) + 1)),
    (256, 1024, .max, .maximumTooLarge(.max)),
    (1024, 1024, 4096, .sizesNotAscending(minimum: 1024, average: 1024, maximum: 4096)),
    (256, 4096, 4096, .sizesNotAscending(minimum: 256, average: 4096, maximum: 4096)),
    (256, -1024, 4096, .sizesNotAscending(minimum: 256, average: -1024, maximum: 4096)),
    (256, 1024, 512, .sizesNotAscending(minimum: 256, average: 1024, maximum: 512)),
    (256, 1000, 4096, .averageNotPowerOfTwo(1000)),
  ])
  func `sizes out of bounds are refused`(
    _ minimum: Int,
    _ average: Int,
    _ maximum: Int,
    _ error: ChunkingError
  ) {
    #expect(throws: error) {
      try ChunkingParameters(minimum: minimum, average: average, maximum: maximum)
    }
  }

  @Test func `the standard sizes are accepted sizes`() throws {
    let standard = ChunkingParameters.standard
    #expect(
      try ChunkingParameters(minimum: 16_384, average: 65_536, maximum: 262_144) == standard
    )
  }

  @Test func `every legal average has a normal point and thresholds`() throws {
    for log in 9...23 {
      let average = 1 << log
      for minimum in [256, average / 4, average / 2, 3 * average / 4, average - 1]
      where minimum >= 256 && minimum < average {
        let parameters = try ChunkingParameters(
          minimum: minimum,
          average: average,
          maximum: 16 << 20
        )
        #expect(minimum...average ~= parameters.normalPoint)
        // Formats/chunking.md §5: what the fixed bits of a run of zeros must cover.
        for threshold in [parameters.strictThreshold, parameters.looseThreshold] {
          #expect(threshold.nonzeroBitCount == 1)
          #expect(GearTable.zeroRunBits & threshold == threshold)
          #expect(GearTable.zeroRunBits >= threshold)
        }
      }
    }
  }

  @Test(arguments: [0, 2047, 2049, 4096])
  func `a key stream of another length is no table`(_ count: Int) {
    #expect(GearTable(keyStream: [UInt8](repeating: 1, count: count)) == nil)
  }
}
