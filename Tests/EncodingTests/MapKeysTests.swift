import Testing

@testable import Encoding

@Suite("CBOR: walking a map") struct MapKeysTests {
  @Test func `an unknown key is refused with its place`() {
    #expect(throws: CBORError.unknownKey(offset: 3, key: 9)) {
      var reader = CBORReader([0xA2, 1, 0, 9, 0])
      var map = try reader.beginMap(limit: 32)
      while let key = try map.nextKey(&reader) {
        switch key {
        case 1: _ = try reader.readUnsigned()
        default: throw map.unknownKey
        }
      }
    }
  }

  @Test func `an unknown key can be skipped on purpose`() throws {
    // {1: 7, 2: [{3: null}, "a"], 4: 8}
    var reader = CBORReader([0xA3, 1, 7, 2, 0x82, 0xA1, 3, 0xF6, 0x61, 0x61, 4, 8])
    var map = try reader.beginMap(limit: 32)
    #expect(map.count == 3)
    var sum: UInt64 = 0
    while let key = try map.nextKey(&reader) {
      if key == 2 { try reader.skipValue() } else { sum += try reader.readUnsigned() }
    }
    #expect(sum == 15)
    try reader.finish()
  }

  @Test func `a value that is not read is noticed`() throws {
    var reader = CBORReader([0xA2, 1, 0, 2, 0])
    var map = try reader.beginMap(limit: 32)
    _ = try map.nextKey(&reader)
    #expect(throws: CBORError.unreadValue(offset: 2)) { try map.nextKey(&reader) }
  }

  @Test func `a value that is read in part is noticed`() throws {
    var reader = CBORReader([0xA2, 1, 0x82, 0, 0, 2, 0])
    var map = try reader.beginMap(limit: 32)
    _ = try map.nextKey(&reader)
    _ = try reader.readArrayHeader(limit: 2)
    _ = try reader.readUnsigned()
    #expect(throws: CBORError.unreadValue(offset: 4)) { try map.nextKey(&reader) }
  }

  @Test func `a last value that is not read is noticed`() throws {
    var reader = CBORReader([0x82, 0xA1, 1, 0, 0])
    _ = try reader.readArrayHeader(limit: 2)
    var map = try reader.beginMap(limit: 32)
    _ = try map.nextKey(&reader)
    #expect(throws: CBORError.unreadValue(offset: 3)) { try map.nextKey(&reader) }
  }

  @Test func `an empty map has no keys`() throws {
    var reader = CBORReader([0x82, 0xA0, 5])
    _ = try reader.readArrayHeader(limit: 2)
    var map = try reader.beginMap(limit: 0)
    #expect(try map.nextKey(&reader) == nil)
    #expect(try reader.readUnsigned() == 5)
    try reader.finish()
  }

  @Test func `items one after another are read until the end`() throws {
    var reader = CBORReader([0x81, 1, 0x81, 2])
    var numbers: [UInt64] = []
    while !reader.isAtEnd {
      #expect(try reader.readArrayHeader(limit: 1) == 1)
      numbers.append(try reader.readUnsigned())
    }
    #expect(numbers == [1, 2])
  }

  @Test func `offsets count from the start of a slice`() throws {
    let bytes: [UInt8] = [9, 9, 0x41, 7, 0x18]
    var reader = CBORReader(bytes[2...])
    #expect(try reader.readBytes(limit: 1) == [7])
    #expect(reader.offset == 2)
    #expect(reader.remaining == 1)
    #expect(throws: CBORError.truncated(offset: 2, needed: 2, found: 1)) {
      try reader.readUnsigned()
    }
  }

  @Test func `peeking reads nothing`() throws {
    let heads: [(UInt8, CBORType)] = [
      (0, .unsigned), (0x20, .negative), (0x40, .bytes), (0x60, .text), (0x80, .array),
      (0xA0, .map), (0xF5, .bool), (0xF6, .null),
    ]
    for (head, type) in heads {
      let reader = CBORReader([head])
      #expect(try reader.peekType() == type)
      #expect(reader.offset == 0)
    }
    #expect(throws: CBORError.truncated(offset: 0, needed: 1, found: 0)) {
      try CBORReader([]).peekType()
    }
  }
}
