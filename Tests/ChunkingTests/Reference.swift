@testable import Chunking

/// The generator of Formats/chunking.md §6.
struct PageGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func bytes(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var state = self.state
      for index in 0..<count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        unsafe buffer[index] = UInt8(truncatingIfNeeded: state >> 56)
      }
      self.state = state
      filled = count
    }
  }
}

/// Formats/chunking.md §2 to §4, word by word: slow, and with nothing in common with what it tests.
struct ReferenceChunker {
  let minimum: Int
  let maximum: Int
  let normal: Int
  let strict: UInt64
  let loose: UInt64
  let z: UInt64
  let g: [UInt64]

  init(_ minimum: Int, _ average: Int, _ maximum: Int, keyStream: [UInt8]) {
    self.minimum = minimum
    self.maximum = maximum
    var log = 0
    while 1 << log < average { log += 1 }
    strict = 1 << UInt64(64 - log - 2)
    loose = 1 << UInt64(64 - log + 2)
    normal =
      4 * minimum < 3 * average
      ? minimum + 8 * average * (3 * average - 4 * minimum) / (27 * average + 4 * minimum)
      : minimum
    var w: [UInt64] = []
    for index in 0..<256 {
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(keyStream[8 * index + byte]) << UInt64(8 * byte) }
      w.append(word)
    }
    z = w[0] | 0x03ff_ff80_0000_0000
    w[0] = 0 &- z
    g = w
  }

  func firstCut(_ b: ArraySlice<UInt8>) -> Int {
    let end = min(b.count, maximum)
    guard minimum < end else { return end }
    var h = z
    for i in minimum..<end {
      h = 2 &* h &+ g[Int(b[b.startIndex + i])]
      if h < (i < normal ? strict : loose) { return i + 1 }
    }
    return end
  }

  func cuts(_ content: [UInt8]) -> [Int] {
    var lengths: [Int] = []
    var rest = content[...]
    while !rest.isEmpty {
      lengths.append(firstCut(rest))
      rest = rest.dropFirst(lengths[lengths.count - 1])
    }
    return lengths
  }
}

extension Chunker {
  init(_ minimum: Int, _ average: Int, _ maximum: Int, keyStream: [UInt8]) throws {
    guard let table = GearTable(keyStream: keyStream) else { throw TestFailure() }
    self.init(
      parameters: try ChunkingParameters(minimum: minimum, average: average, maximum: maximum),
      table: table
    )
  }

  /// The lengths of all chunks of `content`.
  func cuts(_ content: [UInt8]) -> [Int] {
    var lengths: [Int] = []
    unsafe content.withUnsafeBufferPointer {
      _ = unsafe cuts(of: $0, ending: .atEnd, appendingTo: &lengths)
    }
    return lengths
  }

  func first(_ content: [UInt8], _ ending: Ending) -> Int? {
    unsafe content.withUnsafeBufferPointer { unsafe firstCut(in: $0, ending: ending) }
  }
}

struct TestFailure: Error {}
