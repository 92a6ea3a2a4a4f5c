import CoreTypes
import Testing

@testable import Encoding

@Suite("CBOR: refusals") struct RefusalTests {
  private func skip(_ hex: String) throws(CBORError) {
    var reader = CBORReader(Hexadecimal.bytes(of: hex) ?? [])
    try reader.skipValue()
    try reader.finish()
  }

  @Test(arguments: [
    "1800", "1817", "190000", "1900ff", "1a0000ffff", "1b00000000ffffffff",  // numbers
    "3817", "5800", "7801", "9801", "b800", "5a00000001", "9900ff", "bb0000000000000001",
  ])
  func `a head that has a shorter form`(_ hex: String) {
    #expect(throws: CBORError.notShortest(offset: 0)) { try skip(hex) }
  }

  @Test(arguments: ["5f42010243030405ff", "7f61616161ff", "9fff", "bf0102ff"])
  func `an indefinite length`(_ hex: String) {
    #expect(throws: CBORError.indefiniteLength(offset: 0)) { try skip(hex) }
  }

  @Test(arguments: [
    "f90000", "fa47c35000", "fb3ff199999999999a",  // floats
    "c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "d74401020304",
    "d818456449455446",
    "f7", "f0", "f8ff", "f818", "e0", "ff",  // undefined, simple values, break
    "1c", "1d", "1e", "1f", "3c", "3f", "5c", "7d", "9e", "bc", "dc", "fc", "fd", "fe",  // reserved
  ])
  func `a float, tag, simple value or reserved head`(_ hex: String) throws {
    let initial = try #require(Hexadecimal.bytes(of: hex)?.first)
    #expect(throws: CBORError.unsupported(offset: 0, initialByte: initial)) { try skip(hex) }
    // And in a typed read of the same major type.
    #expect(throws: CBORError.unsupported(offset: 0, initialByte: initial)) {
      var reader = CBORReader([initial, 0, 0, 0, 0])
      switch initial & 0xE0 {
      case 0x00: _ = try reader.readUnsigned()
      case 0x20: _ = try reader.readSigned()
      case 0x40: _ = try reader.readBytes(limit: 9)
      case 0x60: _ = try reader.readText(limit: 9)
      case 0x80: _ = try reader.readArrayHeader(limit: 9)
      case 0xA0: _ = try reader.readMapHeader(limit: 9)
      default: _ = try reader.readBool()
      }
    }
  }

  @Test func `another type than the one asked for`() {
    func expect(
      _ expected: CBORType,
      instead found: CBORType,
      _ byte: UInt8,
      _ read: (inout CBORReader) throws(CBORError) -> Void
    ) {
      #expect(throws: CBORError.unexpectedType(offset: 0, expected: expected, found: found)) {
        var reader = CBORReader([byte])
        try read(&reader)
      }
    }
    expect(.unsigned, instead: .negative, 0x20) { r throws(CBORError) in _ = try r.readUnsigned() }
    expect(.unsigned, instead: .text, 0x60) { r throws(CBORError) in _ = try r.readSigned() }
    expect(.bytes, instead: .text, 0x60) { r throws(CBORError) in _ = try r.readBytes(limit: 1) }
    expect(.text, instead: .bytes, 0x40) { r throws(CBORError) in _ = try r.readText(limit: 1) }
    expect(.array, instead: .map, 0xA0) { r throws(CBORError) in
      _ = try r.readArrayHeader(limit: 1)
    }
    expect(.map, instead: .array, 0x80) { r throws(CBORError) in _ = try r.readMapHeader(limit: 1) }
    expect(.bool, instead: .null, 0xF6) { r throws(CBORError) in _ = try r.readBool() }
    expect(.null, instead: .bool, 0xF4) { r throws(CBORError) in try r.readNull() }
    expect(.bytes, instead: .unsigned, 0x01) { r throws(CBORError) in _ = try r.readDigest() }
  }

  @Test(arguments: ["3bffffffffffffffff", "3b8000000000000000", "1b8000000000000000"])
  func `a number beyond 64 signed bits`(_ hex: String) throws {
    var reader = CBORReader(try #require(Hexadecimal.bytes(of: hex)))
    #expect(throws: CBORError.outOfRange(offset: 0)) { try reader.readSigned() }
    // Where it is skipped it is well-formed.
    try skip(hex)
  }

  @Test func `a length or count beyond its limit`() {
    func reader(_ head: UInt8) -> CBORReader {
      CBORReader([head] + [UInt8](repeating: 0, count: 9))
    }
    #expect(throws: CBORError.tooLong(offset: 0, count: 5, limit: 4)) {
      var reader = reader(0x45)
      _ = try reader.readBytes(limit: 4)
    }
    #expect(throws: CBORError.tooLong(offset: 0, count: 5, limit: 4)) {
      var reader = reader(0x65)
      _ = try reader.readText(limit: 4)
    }
    #expect(throws: CBORError.tooLong(offset: 0, count: 5, limit: 4)) {
      var reader = reader(0x85)
      _ = try reader.readArrayHeader(limit: 4)
    }
    #expect(throws: CBORError.tooLong(offset: 0, count: 4, limit: 3)) {
      var reader = reader(0xA4)
      _ = try reader.readMapHeader(limit: 3)
    }
    #expect(throws: CBORError.tooLong(offset: 0, count: 33, limit: 32)) {
      var reader = CBORReader([0x58, 33] + [UInt8](repeating: 0, count: 33))
      _ = try reader.readDigest()
    }
  }

  @Test func `a count that the rest of the input cannot hold`() {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    for head in [0x5B, 0x7B, 0x9B, 0xBB] as [UInt8] {
      #expect(throws: CBORError.tooLong(offset: 0, count: .max, limit: .max)) {
        var reader = CBORReader([head] + huge)
        try reader.skipValue()
      }
    }
    #expect(throws: CBORError.truncated(offset: 0, needed: 1 << 40, found: 0)) {
      var reader = CBORReader([0x9B, 0, 0, 1, 0, 0, 0, 0, 0])
      _ = try reader.readArrayHeader(limit: .max)
    }
    // Two keys need four bytes.
    #expect(throws: CBORError.truncated(offset: 0, needed: 4, found: 3)) {
      var reader = CBORReader([0xA2, 0, 0, 1])
      _ = try reader.readMapHeader(limit: 32)
    }
    // 2^63 - 1 keys, the most that an `Int` holds.
    #expect(throws: CBORError.truncated(offset: 0, needed: .max - 1, found: 0)) {
      var reader = CBORReader([0xBB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
      _ = try reader.readMapHeader(limit: .max)
    }
  }

  @Test func `a digest or short identity of another length`() {
    #expect(throws: CBORError.wrongLength(offset: 0, count: 31, expected: 32)) {
      var reader = CBORReader([0x58, 31] + [UInt8](repeating: 0, count: 31))
      _ = try reader.readDigest()
    }
    #expect(throws: CBORError.wrongLength(offset: 0, count: 0, expected: 32)) {
      var reader = CBORReader([0x40])
      _ = try reader.readDigest()
    }
  }

  @Test(arguments: ["61ff", "62c328", "63eda080", "62c080", "64f4908080", "61c3"])
  func `a text that is not UTF-8`(_ hex: String) throws {
    var reader = CBORReader(try #require(Hexadecimal.bytes(of: hex)))
    #expect(throws: CBORError.invalidText(offset: 0)) { try reader.readText(limit: 9) }
    #expect(throws: CBORError.invalidText(offset: 0)) { try skip(hex) }
  }

  @Test func `map keys that do not ascend`() {
    #expect(throws: CBORError.keyOrder(offset: 3, previous: 1, found: 1)) { try skip("a201000100") }
    #expect(throws: CBORError.keyOrder(offset: 3, previous: 2, found: 1)) { try skip("a202000100") }
    // Also when keys are read as plain numbers, and after a map within the map.
    #expect(throws: CBORError.keyOrder(offset: 5, previous: 2, found: 2)) {
      var reader = CBORReader([0xA2, 2, 0xA1, 9, 0, 2, 0])
      _ = try reader.readMapHeader(limit: 2)
      _ = try reader.readUnsigned()
      _ = try reader.readMapHeader(limit: 2)
      for _ in 0..<3 { _ = try reader.readUnsigned() }
    }
    // Keys in different maps do not matter to each other, nor do the numbers of an array.
    #expect(throws: Never.self) { try skip("82a10900a10900") }
    #expect(throws: Never.self) { try skip("8209828080") }
  }

  @Test(arguments: [
    ("a12000", CBORType.negative), ("a14000", .bytes), ("a1616100", .text), ("a18000", .array),
    ("a1a000", .map), ("a1f400", .bool), ("a1f600", .null),
  ])
  func `a map key that is no unsigned number`(_ hex: String, _ type: CBORType) {
    #expect(throws: CBORError.keyNotUnsigned(offset: 1, found: type)) { try skip(hex) }
  }

  @Test func `nesting deeper than sixteen`() {
    let deep = String(repeating: "81", count: 16)
    #expect(throws: Never.self) { try skip(deep + "00") }
    // An empty array has nothing within, so it opens no level.
    #expect(throws: Never.self) { try skip(deep + "80") }
    #expect(throws: CBORError.tooDeep(offset: 16, limit: 16)) { try skip(deep + "8100") }
    #expect(throws: CBORError.tooDeep(offset: 16, limit: 16)) { try skip(deep + "a10000") }
    #expect(throws: CBORError.tooDeep(offset: 16, limit: 16)) {
      var reader = CBORReader([UInt8](repeating: 0x81, count: 1000))
      for _ in 0..<1000 { _ = try reader.readArrayHeader(limit: 1) }
    }
    #expect(throws: CBORError.tooDeep(offset: 2, limit: 2)) {
      var reader = CBORReader([0x81, 0x81, 0x81, 0])
      try reader.skipValue(depthLimit: 2)
    }
  }

  @Test func `bytes after the end, and items that are missing`() {
    #expect(throws: CBORError.trailingBytes(offset: 1, count: 2)) { try skip("000000") }
    #expect(throws: CBORError.truncated(offset: 1, needed: 1, found: 1)) {
      var reader = CBORReader([0x81, 0x00])
      _ = try reader.readArrayHeader(limit: 1)
      try reader.finish()
    }
    #expect(throws: CBORError.truncated(offset: 0, needed: 1, found: 0)) { try skip("") }
    #expect(throws: CBORError.truncated(offset: 0, needed: 3, found: 2)) { try skip("19ff") }
  }

  @Test func `a description names the offset`() {
    #expect(CBORError.notShortest(offset: 77).description.contains("77"))
    #expect(!CBORError.unknownKey(offset: 1, key: 2).description.contains("\n"))
  }

  @Test func `the levels kept are as many as the limit`() {
    var nesting = CBORNesting()
    for _ in 0..<CBORLimits.depth { nesting.didOpen(itemCount: 1, isMap: false) }
    #expect(nesting.isFull)
    nesting.didPassItem()
    #expect(nesting.depth == 0)
  }
}
