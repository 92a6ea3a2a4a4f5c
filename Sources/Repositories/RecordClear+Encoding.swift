import CoreTypes
import Encoding
import Sealing

extension RecordClear {
  /// The map of Formats/record-log.md §2; absent lists and values are left out.
  func encoded() -> [UInt8] {
    var writer = CBORWriter()
    let optional = [
      !adds.isEmpty, !addManifests.isEmpty, !condemns.isEmpty, !replaces.isEmpty,
      !subjects.isEmpty, dataKey != nil, nonce != nil, enrolled != nil,
    ]
    writer.mapHeader(6 + optional.filter(\.self).count)
    writer.unsigned(1)
    writer.bytes(repository.digest.bytes)
    writer.unsigned(2)
    writer.bytes(writer: self.writer)
    writer.unsigned(3)
    writer.unsigned(sequence)
    writer.unsigned(4)
    writer.bytes(joined: parents.map(\.digest))
    writer.unsigned(5)
    writer.unsigned(kind.number)
    let lists: [(UInt64, [Digest])] = [
      (6, adds.map(\.digest)), (7, addManifests), (8, condemns.map(\.digest)),
      (9, replaces.map(\.digest)),
    ]
    for (key, list) in lists where !list.isEmpty {
      writer.unsigned(key)
      writer.bytes(joined: list)
    }
    writer.unsigned(10)
    writer.time(time)
    if !subjects.isEmpty {
      writer.unsigned(11)
      writer.bytes(joined: subjects.map(\.digest))
    }
    if let dataKey {
      writer.unsigned(12)
      writer.bytes(dataKey.bytes)
    }
    if let nonce {
      writer.unsigned(13)
      writer.bytes(nonce)
    }
    if let enrolled {
      writer.unsigned(14)
      writer.bytes(enrolled.bytes)
    }
    return writer.bytes
  }

  /// Reads the map; keys must ascend, and the six that every record has must be there.
  init(decoding bytes: [UInt8]) throws {
    var reader = CBORReader(bytes)
    let count = try reader.readMapHeader(limit: 32)
    var previous: UInt64 = 0
    var repository: RepositoryID?
    var writer: Digest?
    var sequence: UInt64?
    var parents: [RecordID]?
    var kind: RecordKind?
    var time: PointInTime?
    var rest = RecordClear(
      repository: RepositoryID(Digest(words: 0, 0, 0, 0)),
      writer: Digest(words: 0, 0, 0, 0),
      sequence: 0,
      parents: [],
      kind: .snapshot,
      time: PointInTime(seconds: 0)
    )
    for _ in 0..<count {
      let key = try reader.readUnsigned()
      guard key > previous else { throw RecordError.malformed("keys out of order") }
      previous = key
      switch key {
      case 1: repository = RepositoryID(try reader.readDigest())
      case 2: writer = try reader.readDigest()
      case 3: sequence = try reader.readUnsigned()
      case 4: parents = try reader.readDigests().map { RecordID($0) }
      case 5: kind = RecordKind(try reader.readUnsigned())
      case 6: rest.adds = try reader.readDigests().map { ObjectID($0) }
      case 7: rest.addManifests = try reader.readDigests()
      case 8: rest.condemns = try reader.readDigests().map { ObjectID($0) }
      case 9: rest.replaces = try reader.readDigests().map { ObjectID($0) }
      case 10: time = try reader.readTime()
      case 11: rest.subjects = try reader.readDigests().map { RecordID($0) }
      case 12: rest.dataKey = KeyID(try reader.readBytes(limit: KeyID.byteCount))
      case 13: rest.nonce = Array(try reader.readBytes(limit: 24))
      case 14: rest.enrolled = try reader.readDigest()
      default: throw RecordError.malformed("unknown key \(key)")
      }
    }
    try reader.finish()
    guard let repository, let writer, let sequence, let parents, let kind, let time else {
      throw RecordError.malformed("a field is missing")
    }
    self = rest
    self.repository = repository
    self.writer = writer
    self.sequence = sequence
    self.parents = parents
    self.kind = kind
    self.time = time
  }
}

extension CBORWriter {
  fileprivate mutating func bytes(writer: Digest) { bytes(writer.bytes) }

  fileprivate mutating func bytes(joined digests: [Digest]) {
    var joined: [UInt8] = []
    joined.reserveCapacity(digests.count * Digest.byteCount)
    for digest in digests { digest.append(to: &joined) }
    bytes(joined)
  }
}

extension CBORReader {
  /// A byte string of whole digests in strictly ascending order.
  fileprivate mutating func readDigests() throws -> [Digest] {
    let joined = try readBytes(limit: RecordLimits.record)
    guard joined.count % Digest.byteCount == 0 else {
      throw RecordError.malformed("a list of ids is cut short")
    }
    var reader = ByteReader(joined)
    var digests: [Digest] = []
    digests.reserveCapacity(joined.count / Digest.byteCount)
    while reader.remaining > 0 {
      let digest = try reader.readDigest()
      if let last = digests.last, last >= digest {
        throw RecordError.malformed("a list of ids is not ascending")
      }
      digests.append(digest)
    }
    return digests
  }
}
