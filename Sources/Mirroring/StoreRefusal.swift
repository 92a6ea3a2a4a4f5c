import CoreTypes
import Encoding
import Files
import Packing
import Repositories
import Storage

/// Why the end that has a store does not answer a question.
///
/// Source: Formats/mirror-protocol.md §9.
struct StoreRefusal: Error, Equatable, Sendable {
  /// Numbers under which reasons travel.
  enum Code {
    static let noRepository: UInt64 = 1
    /// Value: 1 if packs or records are there, so that the configuration was lost.
    static let interruptedInit: UInt64 = 2
    static let alreadyThere: UInt64 = 3
    static let notEmpty: UInt64 = 4
    static let missing: UInt64 = 5
    /// Values: bytes needed, bytes found.
    static let short: UInt64 = 6
    /// Values: bytes, limit.
    static let tooLarge: UInt64 = 7
    static let conflict: UInt64 = 8
    static let damagedStoreID: UInt64 = 9
    static let busy: UInt64 = 10
    /// Value: error number of the system.
    static let failed: UInt64 = 11
    static let denied: UInt64 = 12
    /// Values: limit, bytes needed.
    static let quota: UInt64 = 13
    static let notTaken: UInt64 = 14
    static let unknownOperation: UInt64 = 15
    static let malformed: UInt64 = 16
    static let selecting: UInt64 = 17
    /// Value: seconds since 1970.
    static let held: UInt64 = 18
  }

  let code: UInt64
  let text: String
  var first: UInt64 = 0
  var second: UInt64 = 0

  init(_ code: UInt64, _ text: String, _ first: UInt64 = 0, _ second: UInt64 = 0) {
    self.code = code
    self.text = String(text.unicodeScalars.prefix(StoreRefusal.textLimit))
    self.first = first
    self.second = second
  }

  /// What is said of a store without a configuration that is none of an interrupted `init`.
  private static let holdsData: UInt64 = 1
  /// Characters of a text; four bytes each at most.
  private static let textLimit = 1000

  func encoded() -> [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(4)
    writer.field(1, code)
    writer.field(2, text)
    writer.field(3, first)
    writer.field(4, second)
    return writer.bytes
  }

  init(decoding payload: [UInt8]) throws {
    var reader = CBORReader(payload)
    guard try reader.readMapHeader(limit: 4) == 4, try reader.readUnsigned() == 1 else {
      throw MirrorError.malformed("a refusal")
    }
    code = try reader.readUnsigned()
    guard try reader.readUnsigned() == 2 else { throw MirrorError.malformed("a refusal") }
    text = try reader.readText(limit: 4096)
    guard try reader.readUnsigned() == 3 else { throw MirrorError.malformed("a refusal") }
    first = try reader.readUnsigned()
    guard try reader.readUnsigned() == 4 else { throw MirrorError.malformed("a refusal") }
    second = try reader.readUnsigned()
    try reader.finish()
  }
}

extension StoreRefusal {
  /// The refusal that a store's error is.
  init(_ error: StorageError) {
    switch error {
    case .noRepository: self.init(Code.noRepository, "no repository")
    case .interruptedInit: self.init(Code.interruptedInit, "an interrupted init")
    case .lostConfiguration:
      self.init(Code.interruptedInit, "the configuration is missing", StoreRefusal.holdsData)
    case .alreadyThere: self.init(Code.alreadyThere, "a repository is there already")
    case .notEmpty: self.init(Code.notEmpty, "the folder is not empty")
    case .missing(let name): self.init(Code.missing, name.description)
    case .short(let name, let needed, let found):
      self.init(
        Code.short,
        name.description,
        UInt64(clamping: needed),
        UInt64(clamping: found)
      )
    case .tooLarge(let name, let count, let limit):
      self.init(Code.tooLarge, name, UInt64(clamping: count), UInt64(clamping: limit))
    case .conflict(let name): self.init(Code.conflict, name.description)
    case .misplaced(let name):
      self.init(
        Code.failed,
        "\(name) is something else there",
        UInt64(clamping: FilesError.isFolder)
      )
    case .damagedStoreID: self.init(Code.damagedStoreID, "the file `store` is damaged")
    case .selecting: self.init(Code.selecting, "the store holds chosen snapshots only")
    case .busy: self.init(Code.busy, "the commit lock is held")
    case .failed(let name, let error):
      self.init(
        Code.failed,
        "\(name): \(error.operationName)",
        UInt64(clamping: error.errno)
      )
    case .denied(_, let what): self.init(Code.denied, what)
    case .held(_, let end):
      self.init(Code.held, "it is kept for a set time", UInt64(clamping: end.seconds))
    case .quota(_, let limit, let needed):
      self.init(Code.quota, "the quota", UInt64(clamping: limit), UInt64(clamping: needed))
    case .notTaken(_, let reason): self.init(Code.notTaken, reason)
    // A store that is itself served from elsewhere.
    case .unreachable, .disconnected: self.init(Code.failed, "the store's own line is gone", 5)
    }
  }

  /// The refusal that an error in receiving records is.
  init(_ error: MirrorError) {
    switch error {
    case .storage(let error), .repository(.storage(let error)), .packing(.storage(let error)):
      self.init(error)
    case .denied(let what): self.init(Code.denied, what)
    case .deletionRefused(let record):
      self.init(Code.denied, "to bring record \(record.digest.short), which removes or condemns")
    case .refusedRecords(let findings):
      self.init(Code.notTaken, "a record may not join the log: \(findings.prefix(2))")
    case .incomplete(let objects):
      self.init(
        Code.notTaken,
        "objects that the record requires and the store lacks: \(objects.count), among them "
          + objects.prefix(4).map { $0.digest.short }.joined(separator: ", ")
      )
    case .malformed(let what): self.init(Code.malformed, what)
    default: self.init(Code.failed, "the store failed: \(error)", 5)
    }
  }

  /// What the refusal means to whoever asked about `name`.
  func storageError(_ name: BlobName?, location: String) -> StorageError {
    let subject = name.map { $0.description } ?? text
    switch code {
    case Code.noRepository: return .noRepository(path: location)
    case Code.interruptedInit:
      return first == StoreRefusal.holdsData
        ? .lostConfiguration(path: location) : .interruptedInit(path: location)
    case Code.alreadyThere: return .alreadyThere(path: location)
    case Code.notEmpty: return .notEmpty(path: location)
    case Code.missing:
      guard let name else { break }
      return .missing(name)
    case Code.short:
      guard let name else { break }
      return .short(name, needed: Int(clamping: first), found: Int(clamping: second))
    case Code.tooLarge:
      return .tooLarge(subject, byteCount: Int(clamping: first), limit: Int(clamping: second))
    case Code.conflict:
      guard let name else { break }
      return .conflict(name)
    case Code.damagedStoreID: return .damagedStoreID
    case Code.selecting: return .selecting(location: location)
    case Code.busy: return .busy(path: location)
    case Code.failed:
      return .failed(
        name: location,
        FilesError("remote", Array(text.utf8), Int32(clamping: first))
      )
    case Code.denied: return .denied(location: location, what: text)
    case Code.held:
      return .held(location: location, until: PointInTime(seconds: Int64(clamping: first)))
    case Code.quota:
      return .quota(
        location: location,
        limit: Int(clamping: first),
        needed: Int(clamping: second)
      )
    case Code.notTaken: return .notTaken(location: location, reason: text)
    case Code.unknownOperation:
      return .disconnected(location: location, .malformed("it does not know a question: \(text)"))
    default: break
    }
    return .disconnected(location: location, .malformed("it refused: \(text)"))
  }
}
