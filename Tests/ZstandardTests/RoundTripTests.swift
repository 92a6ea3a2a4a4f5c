import TestSupport
import Testing

@testable import Zstandard

@Suite("A frame") struct RoundTripTests {
  @Test(arguments: [1, 3, 0, -5, 19])
  func `what was compressed comes back at every level`(_ level: Int) throws {
    var compressor = try Compressor(level: level)
    var decompressor = try Decompressor()
    let text = Array(String(repeating: "one chunk after the other; ", count: 3000).utf8)
    var frame: [UInt8] = []
    try compressor.compress(text.span, appendingTo: &frame)
    #expect(frame.count < text.count / 10)
    var content: [UInt8] = []
    try decompressor.decompress(frame.span, exactly: text.count, appendingTo: &content)
    #expect(content == text)
  }

  @Test func `contexts are used again and output is appended`() throws {
    let seed: UInt64 = 7
    var random = SplitMix64(seed: seed)
    var compressor = try Compressor(level: 3)
    var decompressor = try Decompressor()
    var all: [UInt8] = [9, 9]
    var expected: [UInt8] = [9, 9]
    for _ in 0..<60 {
      let repeated = random.bytes(Int.random(in: 1...40, using: &random))
      let input = Array(repeatElement(repeated, count: Int.random(in: 0...900, using: &random)))
        .flatMap { $0 }
      var frame: [UInt8] = [1, 2, 3]
      try compressor.compress(input.span, appendingTo: &frame)
      #expect(frame.prefix(3) == [1, 2, 3], "seed \(seed)")
      try decompressor.decompress(
        frame.span.extracting(3..<frame.count),
        exactly: input.count,
        appendingTo: &all
      )
      expected += input
      #expect(all == expected, "seed \(seed)")
    }
  }

  @Test func `a mebibyte of noise grows by little and comes back`() throws {
    var random = SplitMix64(seed: 11)
    let noise = random.bytes(1 << 20)
    var compressor = try Compressor(level: 1)
    var frame: [UInt8] = []
    try compressor.compress(noise.span, appendingTo: &frame)
    #expect(frame.count > noise.count)
    #expect(frame.count < noise.count + 100)
    var decompressor = try Decompressor()
    var content: [UInt8] = []
    try decompressor.decompress(frame.span, exactly: noise.count, appendingTo: &content)
    #expect(content == noise)
  }

  @Test func `nothing is a frame too`() throws {
    let nothing: [UInt8] = []
    var compressor = try Compressor(level: 3)
    var frame: [UInt8] = []
    try compressor.compress(nothing.span, appendingTo: &frame)
    #expect(!frame.isEmpty)
    var decompressor = try Decompressor()
    var content: [UInt8] = [5]
    try decompressor.decompress(frame.span, exactly: 0, appendingTo: &content)
    #expect(content == [5])
  }

  @Test func `a frame states its size and carries neither checksum nor dictionary`() throws {
    var compressor = try Compressor(level: 3)
    var frame: [UInt8] = []
    try compressor.compress([UInt8](repeating: 1, count: 70000).span, appendingTo: &frame)
    // Source: RFC 8878 §3.1.1.1.1: content size flag, single segment, checksum flag, dictionary.
    let descriptor = frame[4]
    #expect(descriptor >> 6 == 2)
    #expect(descriptor & 0x04 == 0)
    #expect(descriptor & 0x03 == 0)
  }

  @Test(arguments: [23, 1000, Int.max, -200_000, Int.min])
  func `a level that the library lacks is refused`(_ level: Int) {
    #expect(throws: ZstandardError.level(level)) { _ = try Compressor(level: level) }
  }

  @Test func `the library tells its version`() {
    #expect(ZstandardLibrary.version.hasPrefix("1."))
  }
}
