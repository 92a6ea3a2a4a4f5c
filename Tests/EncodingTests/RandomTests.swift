import TestSupport
import CoreTypes
import Encoding
import Testing

@Suite("CBOR: random input") struct RandomTests {
  /// A value of any shape, to write and to expect back.
  private indirect enum Value: Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case bytes([UInt8])
    case digest(Digest)
    case text(String)
    case bool(Bool)
    case null
    case array([Value])
    case map([UInt64: Value])

    static func random(_ depth: Int, _ random: inout SplitMix64) -> Value {
      switch Int.random(in: 0..<(depth < 16 ? 9 : 7), using: &random) {
      case 0: return .unsigned(random.next() >> UInt64.random(in: 0..<64, using: &random))
      case 1: return .signed(Int64(bitPattern: random.next()) >> Int64(random.next() & 63))
      case 2: return .bytes(random.bytes(Int.random(in: 0..<300, using: &random)))
      case 3: return .digest(Digest(words: random.next(), random.next(), random.next(), 0))
      case 4: return .text(String(repeating: "ä水", count: Int.random(in: 0..<60, using: &random)))
      case 5: return .bool(Bool.random(using: &random))
      case 6: return .null
      case 7:
        return .array(
          (0..<Int.random(in: 0..<4, using: &random)).map { _ in .random(depth + 1, &random) }
        )
      default:
        var map: [UInt64: Value] = [:]
        for _ in 0..<Int.random(in: 0..<4, using: &random) {
          map[random.next() >> (random.next() & 63)] = .random(depth + 1, &random)
        }
        return .map(map)
      }
    }

    func write(to writer: inout CBORWriter) {
      switch self {
      case .unsigned(let value): writer.unsigned(value)
      case .signed(let value): writer.signed(value)
      case .bytes(let value): writer.bytes(value)
      case .digest(let value): writer.bytes(value)
      case .text(let value): writer.text(value)
      case .bool(let value): writer.bool(value)
      case .null: writer.null()
      case .array(let values):
        writer.arrayHeader(values.count)
        for value in values { value.write(to: &writer) }
      case .map(let values):
        writer.mapHeader(values.count)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
          writer.unsigned(key)
          value.write(to: &writer)
        }
      }
    }

    func expect(from reader: inout CBORReader) throws {
      switch self {
      case .unsigned(let value): #expect(try reader.readUnsigned() == value)
      case .signed(let value): #expect(try reader.readSigned() == value)
      case .bytes(let value): #expect(try reader.readBytes(limit: value.count) == value[...])
      case .digest(let value): #expect(try reader.readDigest() == value)
      case .text(let value): #expect(try reader.readText(limit: value.utf8.count) == value)
      case .bool(let value): #expect(try reader.readBool() == value)
      case .null: try reader.readNull()
      case .array(let values):
        #expect(try reader.readArrayHeader(limit: values.count) == values.count)
        for value in values { try value.expect(from: &reader) }
      case .map(let values):
        var keys = try reader.beginMap(limit: values.count)
        var found = 0
        while let key = try keys.nextKey(&reader) {
          try #require(values[key]).expect(from: &reader)
          found += 1
        }
        #expect(found == values.count)
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `what is written is read back`(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for round in 0..<300 {
      let value = Value.random(0, &random)
      var writer = CBORWriter()
      value.write(to: &writer)
      #expect(writer.isComplete, "seed \(seed), round \(round)")
      var reader = CBORReader(writer.bytes)
      try value.expect(from: &reader)
      try reader.finish()
      // Skipping takes exactly the same bytes.
      var skipper = CBORReader(writer.bytes)
      try skipper.skipValue()
      #expect(skipper.isAtEnd, "seed \(seed), round \(round)")
    }
  }

  @Test func `every truncation of a sample is refused`() throws {
    let sample = Sample.bytes
    try Sample.read(sample)
    for count in 0..<sample.count {
      #expect(throws: CBORError.self, "cut to \(count)") {
        try Sample.read(Array(sample[..<count]))
      }
      #expect(throws: CBORError.self, "cut to \(count)") {
        var reader = CBORReader(sample[..<count])
        try reader.skipValue()
        try reader.finish()
      }
    }
  }

  @Test func `a changed byte never traps, and what is accepted has one form only`() throws {
    let sample = Sample.bytes
    var accepted = 0
    for index in sample.indices {
      for value in 0...255 as ClosedRange<UInt8> {
        var changed = sample
        changed[index] = value
        do throws(CBORError) { try Sample.read(changed) } catch { #expect(error.description != "") }
        do throws(CBORError) {
          var reader = CBORReader(changed)
          var writer = CBORWriter()
          try copy(&reader, to: &writer)
          try reader.finish()
          if writer.bytes != changed { Issue.record("byte \(index) set to \(value)") }
          accepted += 1
        } catch {
          // Refused: as good an answer.
        }
      }
    }
    #expect(accepted > 256)
    Cases.tell(.decoders, 256 * sample.count, "CBOR with a byte changed")
  }

  private func copy(_ reader: inout CBORReader, to writer: inout CBORWriter) throws(CBORError) {
    switch try reader.peekType() {
    case .unsigned: writer.unsigned(try reader.readUnsigned())
    case .negative: writer.signed(try reader.readSigned())
    case .bytes: writer.bytes(try reader.readBytes(limit: .max))
    case .text: writer.text(try reader.readText(limit: .max))
    case .array:
      let count = try reader.readArrayHeader(limit: .max)
      writer.arrayHeader(count)
      for _ in 0..<count { try copy(&reader, to: &writer) }
    case .map:
      let count = try reader.readMapHeader(limit: .max)
      writer.mapHeader(count)
      for _ in 0..<2 * count { try copy(&reader, to: &writer) }
    case .bool: writer.bool(try reader.readBool())
    case .null:
      try reader.readNull()
      writer.null()
    }
  }

  @Test func `random bytes never trap`() {
    let seed: UInt64 = 0x6B69_7374
    var random = SplitMix64(seed: seed)
    var accepted = 0
    for _ in 0..<100_000 {
      // Short heads made likely, so that many inputs get past the first byte.
      var bytes = random.bytes(Int(random.next() % 24))
      if random.next() & 1 == 0 { for index in bytes.indices { bytes[index] &= 0xA7 } }
      do throws(CBORError) {
        try Sample.read(bytes)
      } catch {
        do throws(CBORError) {
          var reader = CBORReader(bytes)
          try reader.skipValue(depthLimit: 8)
          try reader.finish()
          accepted += 1
        } catch {
          if case .truncated(let offset, _, _) = error { #expect(offset <= bytes.count) }
        }
      }
    }
    // The test reaches the accepting paths too.
    #expect(accepted > 1000, "seed \(seed)")
    Cases.tell(.decoders, 100_000, "CBOR of no kind")
  }
}

/// A structure with every kind of item.
private enum Sample {
  static var bytes: [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(7)
    writer.field(1, "name")
    writer.field(2, 300)
    writer.field(3, signed: -70_000)
    writer.field(4, Digest(words: 1, 2, 3, 4))
    writer.field(5, arrayOf: 2)
    writer.bytes([1, 2, 3])
    writer.null()
    writer.field(6, true)
    writer.field(300, mapOf: 1)
    writer.field(0, 0)
    return writer.bytes
  }

  static func read(_ bytes: [UInt8]) throws(CBORError) {
    var reader = CBORReader(bytes)
    var map = try reader.beginMap(limit: 7)
    while let key = try map.nextKey(&reader) {
      switch key {
      case 1: _ = try reader.readText(limit: 8)
      case 2: _ = try reader.readUnsigned()
      case 3: _ = try reader.readSigned()
      case 4: _ = try reader.readDigest()
      case 5:
        for _ in 0..<(try reader.readArrayHeader(limit: 4)) { try reader.skipValue() }
      case 6: _ = try reader.readBool()
      case 300: try reader.skipValue()
      default: throw map.unknownKey
      }
    }
    try reader.finish()
  }
}
