import TestSupport
import Testing

@testable import Chunking

/// A file cut by the key of Formats/vectors/repository.
@Suite("Vectors of cuts")
struct VectorTests {
  @Test func `a file is cut where the vectors say`() throws {
    var values: [String: [UInt8]] = [:]
    for (name, bytes) in try Vectors.bytes("chunking/keyed.txt") { values[name] = bytes }
    let (keyStream, content) = (try #require(values["key-stream"]), try #require(values["content"]))
    let joined = try #require(values["lengths"])
    let lengths = stride(from: 0, to: joined.count, by: 4).map { place in
      joined[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    let chunker = try Chunker(256, 1024, 4096, keyStream: keyStream)
    #expect(chunker.cuts(content) == lengths)
    #expect(lengths.count > 2 && lengths.reduce(0, +) == content.count)
  }
}
