import CoreTypes
import Encoding
import Storage

/// What an end that uses a store asks of the end that has it.
///
/// Source: Formats/mirror-protocol.md §9.
enum StoreOperation: UInt8, Sendable {
  case open = 1
  case names = 2
  case size = 3
  case read = 4
  case tail = 5
  case publish = 6
  case abandon = 7
  case remove = 8
  case commit = 9
  case lock = 10
  case unlock = 11
  case create = 12
  case strangers = 13
  case selection = 14

  /// True if it changes nothing in the store.
  var isReading: Bool {
    switch self {
    case .open, .names, .size, .read, .tail, .strangers, .selection: true
    case .publish, .abandon, .remove, .commit, .lock, .unlock, .create: false
    }
  }
}

/// Everything that the two ends of a store's session say to each other.
///
/// Source: Formats/mirror-protocol.md §9.
enum StoreMessage: Equatable, Sendable {
  case hello(Hello)
  /// A question; its operation may be one that this program does not know.
  case ask(number: UInt32, operation: UInt8, operands: [UInt8])
  /// The next bytes of a file that is being sent, which gets its name when it is published.
  case data(blob: UInt32, kind: UInt8, bytes: [UInt8])
  /// Bytes of an answer; more may follow.
  case part(number: UInt32, bytes: [UInt8])
  /// The end of an answer.
  case answer(number: UInt32, bytes: [UInt8])
  /// Why a question is not answered; the session goes on.
  case refusal(number: UInt32, StoreRefusal)
  case alive
  /// The session is over.
  case error(code: UInt64, text: String)

  private enum Number {
    static let ask: UInt8 = 32
    static let data: UInt8 = 33
    static let part: UInt8 = 34
    static let answer: UInt8 = 35
    static let refusal: UInt8 = 36
  }

  var frame: Frame {
    switch self {
    case .hello(let hello): return Message.hello(hello).frame
    case .alive: return Message.alive.frame
    case .error(let code, let text): return Message.error(code: code, text: text).frame
    case .ask(let number, let operation, let operands):
      return StoreMessage.frame(Number.ask, number, [operation, 0, 0, 0], operands)
    case .data(let blob, let kind, let bytes):
      return StoreMessage.frame(Number.data, blob, [kind, 0, 0, 0], bytes)
    case .part(let number, let bytes):
      return StoreMessage.frame(Number.part, number, [], bytes)
    case .answer(let number, let bytes):
      return StoreMessage.frame(Number.answer, number, [], bytes)
    case .refusal(let number, let refusal):
      return StoreMessage.frame(Number.refusal, number, [], refusal.encoded())
    }
  }

  private static func frame(
    _ type: UInt8,
    _ number: UInt32,
    _ fields: [UInt8],
    _ bytes: [UInt8]
  ) -> Frame {
    var writer = ByteWriter(capacity: 4 + fields.count + bytes.count)
    writer.write(number)
    writer.write(contentsOf: fields)
    writer.write(contentsOf: bytes)
    return Frame(type: type, payload: writer.bytes)
  }

  /// Reads a frame; `nil` for a message that may be ignored.
  init?(_ frame: Frame) throws(MirrorError) {
    switch frame.type {
    case Number.ask, Number.data, Number.part, Number.answer, Number.refusal:
      do {
        self = try StoreMessage.decoded(frame)
      } catch let error as MirrorError {
        throw error
      } catch {
        throw .malformed("message of type \(frame.type): \(error)")
      }
    default:
      guard let message = try Message(frame) else { return nil }
      switch message {
      case .hello(let hello): self = .hello(hello)
      case .alive: self = .alive
      case .error(let code, let text): self = .error(code: code, text: text)
      case .walk, .nodes, .fetch, .batch, .item, .more, .absent, .credit, .done:
        throw .malformed("a message of a mirror run")
      }
    }
  }

  private static func decoded(_ frame: Frame) throws -> StoreMessage {
    var reader = ByteReader(frame.payload)
    let number = try reader.readUInt32()
    switch frame.type {
    case Number.ask, Number.data:
      let field = try reader.readUInt8()
      guard try reader.read(3).allSatisfy({ $0 == 0 }) else {
        throw MirrorError.malformed("reserved bytes")
      }
      let bytes = Array(try reader.read(reader.remaining))
      return frame.type == Number.ask
        ? .ask(number: number, operation: field, operands: bytes)
        : .data(blob: number, kind: field, bytes: bytes)
    case Number.refusal:
      return .refusal(
        number: number,
        try StoreRefusal(decoding: Array(try reader.read(reader.remaining)))
      )
    case Number.part:
      return .part(number: number, bytes: Array(try reader.read(reader.remaining)))
    default:
      return .answer(number: number, bytes: Array(try reader.read(reader.remaining)))
    }
  }
}

extension StoreMessage {
  /// The number of what is kept to be appended to a pack later; without bytes: it is to be appended now.
  static let keptKind: UInt8 = 7
}

extension BlobKind {
  /// The number of the kind in a store's session.
  var wireNumber: UInt8 {
    switch self {
    case .slot: 1
    case .keyringEntry: 2
    case .manifest: 3
    case .record: 4
    case .pack: 6
    }
  }

  init?(wireNumber: UInt8) {
    guard let kind = BlobKind.allCases.first(where: { $0.wireNumber == wireNumber }) else {
      return nil
    }
    self = kind
  }
}

extension ByteWriter {
  /// A kind and a name.
  mutating func write(_ name: BlobName) {
    write(name.kind.wireNumber)
    write(name.digest)
  }
}

extension ByteReader {
  /// A kind of file.
  mutating func readKind() throws -> BlobKind {
    guard let kind = BlobKind(wireNumber: try readUInt8()) else {
      throw MirrorError.malformed("an unknown kind of file")
    }
    return kind
  }

  /// A kind and a name.
  mutating func readName() throws -> BlobName {
    let kind = try readKind()
    return BlobName(kind, try readDigest())
  }

  /// Throws if bytes are left.
  func finish() throws(MirrorError) {
    guard remaining == 0 else { throw .malformed("bytes behind the end of a question") }
  }
}
