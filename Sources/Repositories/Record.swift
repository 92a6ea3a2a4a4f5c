package import CoreTypes
import Encoding
package import Sealing
package import Sodium

/// What a record says has happened.
///
/// Source: Formats/record-log.md §3.
package enum RecordKind: Hashable, Sendable {
  case enrolment
  case snapshot
  case removal
  case condemnation
  case revocation
  case tags
  case hold
  /// Records given up: they are lost, and no longer asked for.
  case waiver
  /// Written by a newer program; kept, and counted as a parent.
  case unknown(UInt64)

  package init(_ number: UInt64) {
    switch number {
    case 1: self = .enrolment
    case 2: self = .snapshot
    case 3: self = .removal
    case 4: self = .condemnation
    case 5: self = .revocation
    case 6: self = .tags
    case 7: self = .hold
    case 10: self = .waiver
    default: self = .unknown(number)
    }
  }

  package var number: UInt64 {
    switch self {
    case .enrolment: 1
    case .snapshot: 2
    case .removal: 3
    case .condemnation: 4
    case .revocation: 5
    case .tags: 6
    case .hold: 7
    case .waiver: 10
    case .unknown(let number): number
    }
  }
}

/// The clear part of a record: what a machine without keys can read.
///
/// Source: Formats/record-log.md §2.
package struct RecordClear: Equatable, Sendable {
  package var repository: RepositoryID
  /// Ed25519 public key.
  package var writer: Digest
  package var sequence: UInt64
  package var parents: [RecordID]
  package var kind: RecordKind
  package var adds: [ObjectID] = []
  package var addManifests: [Digest] = []
  package var condemns: [ObjectID] = []
  package var replaces: [ObjectID] = []
  package var time: PointInTime
  package var subjects: [RecordID] = []
  package var dataKey: KeyID?
  package var nonce: [UInt8]?
  package var enrolled: Digest?

  package init(
    repository: RepositoryID,
    writer: Digest,
    sequence: UInt64,
    parents: [RecordID],
    kind: RecordKind,
    time: PointInTime
  ) {
    self.repository = repository
    self.writer = writer
    self.sequence = sequence
    self.parents = parents
    self.kind = kind
    self.time = time
  }
}

/// One signed entry of the log.
///
/// Source: Formats/record-log.md.
package struct Record: Sendable {
  /// Ids that a record lists itself; more go into manifests.
  package static let inlineAddLimit = 256
  static let byteLimit = RecordLimits.record
  private static let signaturePrefix = Array("kist record 1\n".utf8)

  package let id: RecordID
  package let clear: RecordClear
  package let clearBytes: [UInt8]
  package let sealed: [UInt8]
  private let signature: [UInt8]
  /// The record as it is stored.
  package let bytes: [UInt8]

  /// Makes and signs a record; `sealedContent` is sealed under `key` when there is some.
  package init(
    signing clear: RecordClear,
    content: [UInt8]?,
    key: DataKey,
    signer: SigningKey
  ) throws(SealingError) {
    var clear = clear
    var sealed: [UInt8] = []
    if let content {
      clear.dataKey = key.id
      clear.nonce = RecordSealing.newNonce(key: key, clear: clear.encoded(), content: content)
    }
    let clearBytes = clear.encoded()
    if let content, let nonce = clear.nonce {
      sealed = try RecordSealing.seal(content, key: key, nonce: nonce, clear: clearBytes)
    }
    self.clear = clear
    self.clearBytes = clearBytes
    self.sealed = sealed
    signature = signer.sign(Record.signedMessage(clearBytes, sealed))
    var writer = CBORWriter()
    writer.arrayHeader(3)
    writer.bytes(clearBytes)
    writer.bytes(sealed)
    writer.bytes(signature)
    bytes = writer.bytes
    id = RecordID(PlainHash.of(bytes))
  }

  /// Reads all records of one file; signatures are proven by the log, which knows the writers.
  package static func all(in file: [UInt8]) throws(RecordError) -> [Record] {
    var records: [Record] = []
    do {
      var reader = CBORReader(file)
      while !reader.isAtEnd { records.append(try next(in: file[...], &reader)) }
    } catch {
      throw .malformed("\(error)")
    }
    guard !records.isEmpty else { throw .malformed("empty") }
    return records
  }

  /// The record at the reader's place in what it reads.
  static func next(in part: ArraySlice<UInt8>, _ reader: inout CBORReader) throws -> Record {
    let start = part.startIndex + reader.offset
    try reader.expectArray(3)
    let clearBytes = Array(try reader.readBytes(limit: byteLimit))
    let sealed = Array(try reader.readBytes(limit: byteLimit))
    let signature = Array(try reader.readBytes(limit: 64))
    return Record(
      clear: try RecordClear(decoding: clearBytes),
      clearBytes: clearBytes,
      sealed: sealed,
      signature: signature,
      bytes: Array(part[start..<part.startIndex + reader.offset])
    )
  }

  private init(
    clear: RecordClear,
    clearBytes: [UInt8],
    sealed: [UInt8],
    signature: [UInt8],
    bytes: [UInt8]
  ) {
    self.clear = clear
    self.clearBytes = clearBytes
    self.sealed = sealed
    self.signature = signature
    self.bytes = bytes
    id = RecordID(PlainHash.of(bytes))
  }

  /// True if the writer named in the clear part signed exactly this record.
  package var isSignatureRight: Bool {
    SigningKey.verify(
      signature: signature,
      message: Record.signedMessage(clearBytes, sealed),
      publicKey: clear.writer.bytes
    )
  }

  /// The secret part, opened.
  package func content(with keyring: Keyring) throws(SealingError) -> [UInt8] {
    guard let keyID = clear.dataKey, let nonce = clear.nonce else {
      throw .malformed(what: "a record without sealed part")
    }
    guard let key = keyring.dataKey(keyID) else { throw .unknownKey(keyID) }
    return try RecordSealing.open(sealed, key: key, nonce: nonce, clear: clearBytes)
  }

  private static func signedMessage(_ clear: [UInt8], _ sealed: [UInt8]) -> [UInt8] {
    signaturePrefix + PlainHash.of(clear).bytes + PlainHash.of(sealed).bytes
  }
}

/// Why a record file cannot be read.
package enum RecordError: Error, Equatable, Sendable, CustomStringConvertible {
  case malformed(String)

  /// As a part of a sentence, for people.
  package var description: String {
    switch self {
    case .malformed(let what): what
    }
  }
}

enum RecordLimits {
  /// Bytes of one record that readers accept: 64 MiB.
  ///
  /// Source: Formats/README.md §3.
  static let record = 64 << 20
}
