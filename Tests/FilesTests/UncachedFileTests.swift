import Testing
import TestSupport

@testable import Files

@Suite("A file that is written past the page cache")
struct UncachedFileTests {
  @Test
  func `stretches of any place and length, in any order, make the same file as ordinary writes`()
    throws
  {
    let seed = TestSeed.make(for: "UncachedFileTests")
    var generator = SplitMix64(seed: seed)
    for _ in 0..<6 { try writeStretches(seed: seed, using: &generator) }
  }

  private func writeStretches(seed: UInt64, using generator: inout SplitMix64) throws {
    let place = try Place()
    let length = Int.random(in: 1...(5 << 20), using: &generator)
    let content = generator.words(length)
    let file = try place.folder.createFile(Array("f".utf8), mode: 0o600)
    let uncached = try place.folder.openUncached(
      Array("f".utf8),
      of: file,
      byteCount: Int64(length)
    )
    let buffer = BlockBuffer()
    for range in stretches(of: length, using: &generator).shuffled(using: &generator) {
      let bytes = content.span.extracting(range)
      if let uncached {
        try uncached.write(bytes, at: Int64(range.lowerBound), through: buffer)
      } else {
        // A file system that is not known to gain by it: the ordinary way is all there is.
        try file.write(bytes, at: Int64(range.lowerBound))
      }
    }
    let found = try file.read(at: 0, upTo: length + 1)
    #expect(found == content, "seed \(seed), \(length) bytes")
  }

  @Test func `a second file of the same name is not written in place of the first`() throws {
    let place = try Place()
    let name = Array("f".utf8)
    let file = try place.folder.createFile(name, mode: 0o600)
    try place.folder.unlink(name)
    let other = try place.folder.createFile(name, mode: 0o600)
    #expect(try place.folder.openUncached(name, of: file, byteCount: 1 << 20) == nil)
    #expect(try other.status().size == 0)
  }

  @Test func `a file that is gone is written the ordinary way`() throws {
    let place = try Place()
    let name = Array("f".utf8)
    let file = try place.folder.createFile(name, mode: 0o600)
    try place.folder.unlink(name)
    #expect(try place.folder.openUncached(name, of: file, byteCount: 1 << 20) == nil)
  }

  private func stretches(of length: Int, using generator: inout SplitMix64) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < length {
      let limit = [4096, 100_000, 3 << 20].randomElement(using: &generator) ?? 4096
      let end = min(length, start + Int.random(in: 1...limit, using: &generator))
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }
}
