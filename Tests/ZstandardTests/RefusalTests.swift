import TestSupport
import Testing

@testable import Zstandard

@Suite("Decompression refuses") struct RefusalTests {
  private static let text = Array(String(repeating: "object, pack, store; ", count: 200).utf8)

  private static func frame(of content: [UInt8]) throws -> [UInt8] {
    var compressor = try Compressor(level: 3)
    var frame: [UInt8] = []
    try compressor.compress(content.span, appendingTo: &frame)
    return frame
  }

  /// The error, after which the output must be as it was.
  private static func refusal(_ input: [UInt8], exactly count: Int) throws -> ZstandardError? {
    var decompressor = try Decompressor()
    var output: [UInt8] = [1, 2]
    do throws(ZstandardError) {
      try decompressor.decompress(input.span, exactly: count, appendingTo: &output)
      return nil
    } catch {
      #expect(output == [1, 2])
      return error
    }
  }

  @Test(arguments: [-1, 0, 4199, 4201, Int.max, Int.min])
  func `a frame of another size than was declared`(_ count: Int) throws {
    let found = try Self.refusal(Self.frame(of: Self.text), exactly: count)
    #expect(found == .sizeMismatch(declared: count, found: 4200))
  }

  @Test func `a frame that states no size`() throws {
    // Magic, descriptor 0, window of 1 KiB, one raw last block of one byte.
    let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0, 0, 9, 0, 0, 0x61]
    #expect(try Self.refusal(frame, exactly: 1) == .sizeMismatch(declared: 1, found: nil))
  }

  @Test func `a second frame, or a single byte, behind the first`() throws {
    let frame = try Self.frame(of: Self.text)
    #expect(
      try Self.refusal(frame + frame, exactly: Self.text.count)
        == .corrupt("\(frame.count) bytes behind the frame")
    )
    #expect(
      try Self.refusal(frame + [0], exactly: Self.text.count)
        == .corrupt("1 bytes behind the frame")
    )
  }

  @Test func `a skippable frame, alone or around`() throws {
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 7, 7]
    #expect(try Self.refusal(skippable, exactly: 0) == .corrupt("no frame"))
    let frame = try Self.frame(of: Self.text)
    #expect(try Self.refusal(skippable + frame, exactly: 4200) == .corrupt("no frame"))
    #expect(
      try Self.refusal(frame + skippable, exactly: 4200) == .corrupt("10 bytes behind the frame")
    )
  }

  @Test func `every beginning of a frame`() throws {
    let frame = try Self.frame(of: Self.text)
    for count in 0..<frame.count {
      #expect(try Self.refusal(Array(frame[..<count]), exactly: 4200) != nil, "\(count) bytes")
    }
  }

  @Test func `a frame that claims a size beyond all memory, before it allocates`() throws {
    // Magic, descriptor: eight bytes of size, single segment; then the size.
    let size: [UInt8] = [255, 255, 255, 255, 255, 255, 255, 0x3F]
    let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + size + [1, 0, 0]
    #expect(
      try Self.refusal(frame, exactly: 4096)
        == .sizeMismatch(declared: 4096, found: 0x3FFF_FFFF_FFFF_FFFF)
    )
  }

  @Test func `a frame whose blocks hold more or less than it states`() throws {
    // Single segment, one byte of size; one raw last block of three bytes.
    let block: [UInt8] = [3 << 3 | 1, 0, 0, 1, 2, 3]
    for stated in [UInt8(2), 4] {
      let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, stated] + block
      guard case .corrupt = try Self.refusal(frame, exactly: Int(stated)) else {
        Issue.record("\(stated) bytes were stated, 3 are there")
        continue
      }
    }
    let sound: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 3] + block
    #expect(try Self.refusal(sound, exactly: 3) == nil)
  }

  @Test func `nothing worse than an error comes of flipped bits`() throws {
    let seed: UInt64 = 3
    var random = SplitMix64(seed: seed)
    let frame = try Self.frame(of: Self.text + random.bytes(2000))
    for _ in 0..<3000 {
      var damaged = frame
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      }
      var decompressor = try Decompressor()
      var output: [UInt8] = []
      do throws(ZstandardError) {
        try decompressor.decompress(damaged.span, exactly: 6200, appendingTo: &output)
        #expect(output.count == 6200, "seed \(seed)")
      } catch {
        #expect(output.isEmpty, "seed \(seed)")
      }
    }
  }

  @Test func `a decompressor works on after a refusal`() throws {
    let frame = try Self.frame(of: Self.text)
    var damaged = frame
    damaged[frame.count - 3] ^= 0xFF
    var decompressor = try Decompressor()
    var output: [UInt8] = []
    do throws(ZstandardError) {
      try decompressor.decompress(damaged.span, exactly: 4200, appendingTo: &output)
    } catch {
      output = []
    }
    output = []
    try decompressor.decompress(frame.span, exactly: 4200, appendingTo: &output)
    #expect(output == Self.text)
  }
}
