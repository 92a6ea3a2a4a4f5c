import CoreTypes
import Encoding
import Testing

/// The vectors of RFC 8949 Appendix A that our subset has.
@Suite("CBOR: RFC 8949 Appendix A") struct AppendixATests {
  @Test(
    arguments: [
      (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"),
      (1000, "1903e8"), (1_000_000, "1a000f4240"), (1_000_000_000_000, "1b000000e8d4a51000"),
      (18_446_744_073_709_551_615, "1bffffffffffffffff"),
    ] as [(UInt64, String)]
  )
  func `unsigned numbers`(_ value: UInt64, _ hex: String) throws {
    var writer = CBORWriter()
    writer.unsigned(value)
    #expect(Hexadecimal.text(of: writer.bytes) == hex)
    var reader = CBORReader(writer.bytes)
    #expect(try reader.readUnsigned() == value)
    try reader.finish()
  }

  @Test(
    arguments: [
      (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"), (0, "00"), (1000, "1903e8"),
      (.min, "3b7fffffffffffffff"), (.max, "1b7fffffffffffffff"),
    ] as [(Int64, String)]
  )
  func `signed numbers`(_ value: Int64, _ hex: String) throws {
    var writer = CBORWriter()
    writer.signed(value)
    #expect(Hexadecimal.text(of: writer.bytes) == hex)
    var reader = CBORReader(writer.bytes)
    #expect(try reader.readSigned() == value)
    try reader.finish()
  }

  @Test(arguments: [
    ("", "60"), ("a", "6161"), ("IETF", "6449455446"), ("\"\\", "62225c"), ("\u{fc}", "62c3bc"),
    ("\u{6c34}", "63e6b0b4"), ("\u{10151}", "64f0908591"),
  ])
  func texts(_ value: String, _ hex: String) throws {
    var writer = CBORWriter()
    writer.text(value)
    #expect(Hexadecimal.text(of: writer.bytes) == hex)
    var reader = CBORReader(writer.bytes)
    #expect(try reader.readText(limit: 4) == value)
    try reader.finish()
  }

  @Test(arguments: [("", "40"), ("01020304", "4401020304")])
  func `byte strings`(_ content: String, _ hex: String) throws {
    let content = try #require(Hexadecimal.bytes(of: content))
    var writer = CBORWriter()
    writer.bytes(content)
    #expect(Hexadecimal.text(of: writer.bytes) == hex)
    var reader = CBORReader(writer.bytes)
    #expect(try Array(reader.readBytes(limit: 4)) == content)
    try reader.finish()
  }

  @Test func `simple values`() throws {
    var writer = CBORWriter()
    writer.bool(false)
    writer.bool(true)
    writer.null()
    #expect(writer.bytes == [0xF4, 0xF5, 0xF6])
    var reader = CBORReader(writer.bytes)
    #expect(try !reader.readBool())
    #expect(try reader.readBool())
    try reader.readNull()
    try reader.finish()
  }

  @Test func `arrays within arrays`() throws {
    // [1, [2, 3], [4, 5]]
    var writer = CBORWriter()
    writer.arrayHeader(3)
    writer.unsigned(1)
    for pair in [[2, 3], [4, 5]] as [[UInt64]] {
      writer.arrayHeader(2)
      for number in pair { writer.unsigned(number) }
    }
    #expect(Hexadecimal.text(of: writer.bytes) == "8301820203820405")
    #expect(writer.isComplete)
    var reader = CBORReader(writer.bytes)
    #expect(try reader.readArrayHeader(limit: 3) == 3)
    #expect(try reader.readUnsigned() == 1)
    #expect(try reader.readArrayHeader(limit: 2) == 2)
    #expect(reader.depth == 2)
    #expect(try reader.readUnsigned() == 2)
    #expect(try reader.readUnsigned() == 3)
    #expect(reader.depth == 1)
    #expect(try reader.readArrayHeader(limit: 2) == 2)
    #expect(try reader.readUnsigned() == 4)
    #expect(try reader.readUnsigned() == 5)
    try reader.finish()
  }

  @Test func `a long array and empty containers`() throws {
    var writer = CBORWriter()
    writer.arrayHeader(25)
    for number in 1...25 as ClosedRange<UInt64> { writer.unsigned(number) }
    #expect(
      Hexadecimal.text(of: writer.bytes)
        == "98190102030405060708090a0b0c0d0e0f101112131415161718181819"
    )
    var empty = CBORWriter()
    empty.arrayHeader(0)
    empty.mapHeader(0)
    #expect(empty.bytes == [0x80, 0xA0])
    var reader = CBORReader(empty.bytes)
    #expect(try reader.readArrayHeader(limit: 0) == 0)
    #expect(try reader.readMapHeader(limit: 0) == 0)
    try reader.finish()
  }

  @Test func `a map`() throws {
    // {1: 2, 3: 4}
    var writer = CBORWriter()
    writer.mapHeader(2)
    writer.field(1, 2)
    writer.field(3, 4)
    #expect(Hexadecimal.text(of: writer.bytes) == "a201020304")
    var reader = CBORReader(writer.bytes)
    var keys = try reader.beginMap(limit: 2)
    var pairs: [UInt64] = []
    while let key = try keys.nextKey(&reader) { pairs += [key, try reader.readUnsigned()] }
    #expect(pairs == [1, 2, 3, 4])
    try reader.finish()
  }
}
