import CoreTypes
import Encoding
import Testing

@Suite("CBOR: writer") struct WriterTests {
  @Test func `every form of a byte string gives the same bytes`() throws {
    let content: [UInt8] = [5, 6, 7]
    var writer = CBORWriter()
    writer.arrayHeader(4)
    writer.bytes(content)
    writer.bytes(content[...])
    writer.bytes(content.span)
    writer.bytes(content.lazy.map { $0 })
    let one: [UInt8] = [0x43, 5, 6, 7]
    #expect(writer.bytes == [0x84] + one + one + one + one)
  }

  @Test func `identities are byte strings of their width`() throws {
    let digest = Digest(words: 1, 2, 3, 4)
    let short = try #require(ShortIdentity(Array(0..<16)))
    var writer = CBORWriter(capacity: 64)
    writer.mapHeader(2)
    writer.field(1, digest)
    writer.field(2, short)
    #expect(writer.bytes == [0xA2, 1, 0x58, 32] + digest.bytes + [2, 0x50] + short.bytes)
    var reader = CBORReader(writer.bytes)
    _ = try reader.readMapHeader(limit: 2)
    _ = try reader.readUnsigned()
    #expect(try reader.readDigest() == digest)
    _ = try reader.readUnsigned()
    #expect(try reader.readBytes(limit: 16).elementsEqual(short.bytes))
  }

  @Test func `a writer can be used again`() {
    var writer = CBORWriter()
    writer.arrayHeader(9)
    writer.removeAll()
    #expect(writer.bytes.isEmpty)
    writer.field(1, [9])
    writer.field(2, [9][...])
    #expect(writer.bytes == [1, 0x41, 9, 2, 0x41, 9])
  }

  #if DEBUG
  @Test func `a map that lacks a value is not complete`() {
    var writer = CBORWriter()
    writer.mapHeader(1)
    writer.unsigned(1)
    #expect(!writer.isComplete)
  }

  @Test func `a key out of order traps in debug builds`() async {
    await #expect(processExitsWith: .failure) {
      var writer = CBORWriter()
      writer.mapHeader(2)
      writer.field(2, 0)
      writer.field(1, 0)
    }
  }

  @Test func `a key that is no number traps in debug builds`() async {
    await #expect(processExitsWith: .failure) {
      var writer = CBORWriter()
      writer.mapHeader(1)
      writer.text("key")
    }
  }

  @Test func `nesting that no reader accepts traps in debug builds`() async {
    await #expect(processExitsWith: .failure) {
      var writer = CBORWriter()
      for _ in 0..<17 { writer.arrayHeader(1) }
    }
  }
  #endif
}
