import CoreTypes
import Testing

@Suite("Byte cursors") struct ByteCursorTests {
  @Test func `what is written is read back`() throws {
    let digest = Digest(words: 1, 2, 3, 4)
    var writer = ByteWriter(appendingTo: [0xEE], capacity: 64)
    writer.write(0x12 as UInt8)
    writer.write(0x1234 as UInt16)
    writer.write(0x1234_5678 as UInt32)
    writer.write(0x1234_5678_9ABC_DEF0 as UInt64)
    writer.write(digest)
    writer.write(contentsOf: [7, 8])
    writer.writeZeros(3)
    #expect(
      writer.bytes
        == [0xEE, 0x12, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12]
        + [0xF0, 0xDE, 0xBC, 0x9A, 0x78, 0x56, 0x34, 0x12] + digest.bytes + [7, 8, 0, 0, 0]
    )
    var reader = ByteReader(writer.bytes[1...])
    #expect(try reader.readUInt8() == 0x12)
    #expect(try reader.readUInt16() == 0x1234)
    #expect(try reader.readUInt32() == 0x1234_5678)
    #expect(try reader.readUInt64() == 0x1234_5678_9ABC_DEF0)
    #expect(try reader.readDigest() == digest)
    #expect(try reader.read(2) == [7, 8])
    #expect(reader.remaining == 3)
    #expect(try reader.read(3) == [0, 0, 0])
    #expect(try reader.read(0) == [])
    #expect(reader.remaining == 0)
  }

  @Test func `a field cut short is an error that tells the counts`() {
    for count in 0..<32 {
      let bytes = [UInt8](repeating: 0, count: count)
      func expect(
        _ width: Int,
        _ read: (inout ByteReader) throws(TruncatedInput) -> Void
      ) {
        guard count < width else { return }
        #expect(throws: TruncatedInput(needed: width, found: count)) {
          var reader = ByteReader(bytes)
          try read(&reader)
        }
      }
      expect(1) { reader throws(TruncatedInput) in _ = try reader.readUInt8() }
      expect(2) { reader throws(TruncatedInput) in _ = try reader.readUInt16() }
      expect(4) { reader throws(TruncatedInput) in _ = try reader.readUInt32() }
      expect(8) { reader throws(TruncatedInput) in _ = try reader.readUInt64() }
      expect(32) { reader throws(TruncatedInput) in _ = try reader.readDigest() }
      expect(count + 1) { reader throws(TruncatedInput) in _ = try reader.read(count + 1) }
    }
  }

  @Test(arguments: [-1, .min, .max])
  func `a count that no input has is an error`(_ count: Int) {
    #expect(throws: TruncatedInput(needed: count, found: 3)) {
      var reader = ByteReader([1, 2, 3])
      _ = try reader.read(count)
    }
  }

  @Test func `after an error the position is as before`() throws {
    var reader = ByteReader([1, 2, 3])
    #expect(throws: TruncatedInput.self) { try reader.readUInt32() }
    #expect(try reader.readUInt16() == 0x0201)
  }
}
