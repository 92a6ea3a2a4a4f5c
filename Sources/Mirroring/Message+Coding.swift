import CoreTypes
import Encoding
import Sealing

/// Lengths of an object as it travels.
enum WireObject {
  static let bodyByteLimit = ObjectLimits.bodyByteCount
}

extension Message {
  private enum Number {
    static let hello: UInt8 = 1
    static let walk: UInt8 = 2
    static let nodes: UInt8 = 3
    static let fetch: UInt8 = 4
    static let batch: UInt8 = 5
    static let item: UInt8 = 6
    static let more: UInt8 = 7
    static let absent: UInt8 = 8
    static let credit: UInt8 = 9
    static let alive: UInt8 = 10
    static let error: UInt8 = 11
    static let done: UInt8 = 12
    /// Messages from here on may be ignored.
    static let firstIgnorable: UInt8 = 128
  }

  // MARK: Writing

  /// The frame; a message that is too long for one is a mistake of the program.
  package var frame: Frame {
    switch self {
    case .hello(let hello): return Frame(type: Number.hello, payload: hello.encoded())
    case .walk(let set, let prefixes):
      var writer = ByteWriter(capacity: 4 + 10 * prefixes.count)
      writer.write(set.rawValue)
      writer.write(UInt16(clamping: prefixes.count))
      for prefix in prefixes {
        writer.write(UInt8(clamping: prefix.digitCount))
        writer.write(contentsOf: prefix.digitBytes)
      }
      return Frame(type: Number.walk, payload: writer.bytes)
    case .nodes(let set, let nodes):
      var writer = ByteWriter(capacity: 4 + 260 * nodes.count)
      writer.write(set.rawValue)
      writer.write(UInt16(clamping: nodes.count))
      for node in nodes { node.append(to: &writer) }
      return Frame(type: Number.nodes, payload: writer.bytes)
    case .fetch(let kind, let names, let isLast, let answer):
      var writer = ByteWriter(capacity: 4 + Digest.byteCount * names.count)
      writer.write(kind.rawValue)
      writer.write(UInt8(isLast ? 1 : 0))
      writer.write(answer.rawValue)
      writer.write(UInt8(0))
      for name in names { writer.write(name) }
      return Frame(type: Number.fetch, payload: writer.bytes)
    case .batch(let count, let bytes):
      return Frame(type: Number.batch, payload: Message.numbers([count, bytes]))
    case .item(let start, let bytes):
      return Frame(type: Number.item, payload: Message.fixedPart(of: start) + bytes)
    case .more(let bytes): return Frame(type: Number.more, payload: bytes)
    case .absent(let kind, let name):
      var writer = ByteWriter(capacity: 36)
      writer.write(kind.rawValue)
      writer.writeZeros(3)
      writer.write(name)
      return Frame(type: Number.absent, payload: writer.bytes)
    case .credit(let bytes): return Frame(type: Number.credit, payload: Message.numbers([bytes]))
    case .alive: return Frame(type: Number.alive, payload: [])
    case .error(let code, let text):
      var writer = CBORWriter()
      writer.mapHeader(2)
      writer.unsigned(1)
      writer.unsigned(code)
      writer.unsigned(2)
      writer.text(String(text.unicodeScalars.prefix(1000)))
      return Frame(type: Number.error, payload: writer.bytes)
    case .done(let report):
      return Frame(
        type: Number.done,
        payload: Message.numbers([report.records, report.objects, report.bytes])
      )
    }
  }

  /// What precedes the first bytes of an item.
  private static func fixedPart(of start: ItemStart) -> [UInt8] {
    var writer = ByteWriter(capacity: 44)
    writer.write(start.kind.rawValue)
    writer.writeZeros(3)
    writer.write(start.name)
    writer.write(UInt32(clamping: start.headByteCount))
    writer.write(UInt32(clamping: start.bodyByteCount))
    return writer.bytes
  }

  /// Appends the frame that carries some of the bytes of an item, copying them once.
  static func append(_ range: Range<Int>, of item: OutgoingItem, to bytes: inout [UInt8]) {
    if range.lowerBound == 0 {
      let fixed = fixedPart(of: item.start)
      let count = fixed.count + range.count
      Frame.appendHeader(type: Number.item, payloadByteCount: count, to: &bytes)
      bytes += fixed
    } else {
      Frame.appendHeader(type: Number.more, payloadByteCount: range.count, to: &bytes)
    }
    let split = item.head.count
    bytes += item.head.dropFirst(range.lowerBound).prefix(range.count)
    bytes += item.body.dropFirst(max(range.lowerBound - split, 0))
      .prefix(max(range.upperBound - max(range.lowerBound, split), 0))
  }

  private static func numbers(_ numbers: [UInt64]) -> [UInt8] {
    var writer = ByteWriter(capacity: 8 * numbers.count)
    for number in numbers { writer.write(number) }
    return writer.bytes
  }

  // MARK: Reading

  /// Reads a frame; `nil` for a message that may be ignored.
  package init?(_ frame: Frame) throws(MirrorError) {
    guard frame.type < Number.firstIgnorable else { return nil }
    do {
      self = try Message.decoded(frame)
    } catch let error as MirrorError {
      throw error
    } catch {
      throw .malformed("message of type \(frame.type): \(error)")
    }
  }

  private static func decoded(_ frame: Frame) throws -> Message {
    var reader = ByteReader(frame.payload)
    let message: Message
    switch frame.type {
    case Number.hello:
      try checkLength(frame)
      return .hello(try Hello(decoding: frame.payload))
    case Number.walk:
      let set = try readSet(&reader)
      let count = Int(try reader.readUInt16())
      guard count <= WireLimits.prefixesPerFrame else { throw MirrorError.malformed("a walk") }
      message = .walk(set, try (0..<count).map { _ in try NamePrefix(reading: &reader) })
    case Number.nodes:
      let set = try readSet(&reader)
      let count = Int(try reader.readUInt16())
      guard count <= WireLimits.prefixesPerFrame else { throw MirrorError.malformed("nodes") }
      message = .nodes(set, try (0..<count).map { _ in try WalkNode(reading: &reader, of: set) })
    case Number.fetch:
      let kind = try readKind(&reader)
      let last = try reader.readUInt8()
      guard last <= 1, let answer = FetchAnswer(rawValue: try reader.readUInt8()),
        try reader.readUInt8() == 0, reader.remaining % Digest.byteCount == 0
      else { throw MirrorError.malformed("a fetch") }
      var names: [Digest] = []
      names.reserveCapacity(reader.remaining / Digest.byteCount)
      while reader.remaining > 0 { names.append(try reader.readDigest()) }
      message = .fetch(kind, names, isLast: last == 1, answer: answer)
    case Number.batch:
      message = .batch(count: try reader.readUInt64(), bytes: try reader.readUInt64())
    case Number.item:
      let kind = try readKind(&reader)
      guard try reader.read(3).allSatisfy({ $0 == 0 }) else { throw MirrorError.malformed("item") }
      let start = ItemStart(
        kind: kind,
        name: try reader.readDigest(),
        headByteCount: Int(try reader.readUInt32()),
        bodyByteCount: Int(try reader.readUInt32())
      )
      message = .item(start, Array(try reader.read(reader.remaining)))
    case Number.more: return .more(frame.payload)
    case Number.absent:
      let kind = try readKind(&reader)
      guard try reader.read(3).allSatisfy({ $0 == 0 }) else {
        throw MirrorError.malformed("absent")
      }
      message = .absent(kind, try reader.readDigest())
    case Number.credit: message = .credit(try reader.readUInt64())
    case Number.alive: message = .alive
    case Number.error:
      try checkLength(frame)
      var fields = CBORReader(frame.payload)
      guard try fields.readMapHeader(limit: 2) == 2, try fields.readUnsigned() == 1 else {
        throw MirrorError.malformed("an error")
      }
      let code = try fields.readUnsigned()
      guard try fields.readUnsigned() == 2 else { throw MirrorError.malformed("an error") }
      let text = try fields.readText(limit: 4096)
      try fields.finish()
      return .error(code: code, text: text)
    case Number.done:
      message = .done(
        DoneReport(
          records: try reader.readUInt64(),
          objects: try reader.readUInt64(),
          bytes: try reader.readUInt64()
        )
      )
    default: throw MirrorError.unknownMessage(type: frame.type)
    }
    guard reader.remaining == 0 else {
      throw MirrorError.malformed("message of type \(frame.type): bytes behind its end")
    }
    return message
  }

  private static func checkLength(_ frame: Frame) throws(MirrorError) {
    guard frame.payload.count <= WireLimits.messageByteCount else {
      throw .frameTooLong(type: frame.type, byteCount: UInt64(frame.payload.count))
    }
  }

  private static func readSet(_ reader: inout ByteReader) throws -> NameSet {
    guard let set = NameSet(rawValue: try reader.readUInt8()) else {
      throw MirrorError.malformed("an unknown set")
    }
    return set
  }

  private static func readKind(_ reader: inout ByteReader) throws -> ItemKind {
    guard let kind = ItemKind(rawValue: try reader.readUInt8()) else {
      throw MirrorError.malformed("an unknown kind of item")
    }
    return kind
  }
}

extension NamePrefix {
  /// The digits, two a byte, the last half filled with zero.
  var digitBytes: [UInt8] {
    (0..<(digitCount + 1) / 2).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
  }

  init(reading reader: inout ByteReader) throws {
    let count = Int(try reader.readUInt8())
    guard count <= WireLimits.walkDepth else { throw MirrorError.malformed("a prefix") }
    var bits: UInt64 = 0
    for (index, byte) in try reader.read((count + 1) / 2).enumerated() {
      bits |= UInt64(byte) << UInt64(56 - 8 * index)
    }
    self.init(digitCount: count, bits: bits)
    guard self.bits == bits else { throw MirrorError.malformed("a prefix") }
  }
}

extension WalkNode {
  /// Names of one list; more share 48 bits only if someone made them so.
  static let nameLimit = 4096

  func append(to writer: inout ByteWriter) {
    switch self {
    case .digests(let digests):
      writer.write(UInt8(0))
      for digest in digests { writer.write(contentsOf: digest) }
    case .names(let parts):
      writer.write(UInt8(1))
      writer.write(UInt16(clamping: min(parts.count, WalkNode.nameLimit)))
      for part in parts.prefix(WalkNode.nameLimit) { writer.write(contentsOf: part) }
    }
  }

  init(reading reader: inout ByteReader, of set: NameSet) throws {
    switch try reader.readUInt8() {
    case 0:
      self = .digests(
        try (0..<16).map { _ in Array(try reader.read(DigestSet.digestByteCount)) }
      )
    case 1:
      let count = Int(try reader.readUInt16())
      guard count <= WalkNode.nameLimit else { throw MirrorError.malformed("a list of names") }
      self = .names(try (0..<count).map { _ in Array(try reader.read(set.listedByteCount)) })
    default: throw MirrorError.malformed("a node of a walk")
    }
  }

  /// Bytes that the node takes on the wire.
  var byteCount: Int {
    switch self {
    case .digests(let digests): 1 + digests.count * DigestSet.digestByteCount
    case .names(let parts): 3 + parts.reduce(0) { $0 + $1.count }
    }
  }
}
