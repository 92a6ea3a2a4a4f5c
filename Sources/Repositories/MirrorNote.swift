package import CoreTypes
import Encoding

/// What this machine remembers of one mirror.
///
/// Times are seconds since 1970-01-01 UTC. Nothing is decided by it: it is shown to people.
package struct MirrorNote: Equatable, Sendable {
  /// Where the mirror is: an absolute path, or a location.
  package let destination: String
  /// First 16 bytes of the hash of its store id; empty if it was never told.
  package private(set) var mark: [UInt8] = []
  /// When it last answered as a store of this repository.
  package var lastContact: Int64?
  /// When a run that was to change something last began.
  package var lastAttempt: Int64?
  /// When such a run last ended well.
  package var lastSuccess: Int64?
  /// Why the last run failed; `nil` if it did not.
  package var failure: String?
  /// The frontier of those of this repository's records that it held at `knownAt`; `nil` if that was never learned.
  package private(set) var frontier: [RecordID]?
  package private(set) var knownAt: Int64?
  /// Records that it held at `knownAt` and this store lacked.
  package private(set) var extraRecordCount: UInt64 = 0
  /// The last check that found nothing, as the mirror itself told.
  package var reported: Verification?
  /// True if it held chosen snapshots only when it last answered.
  package var isSelecting = false

  package init(destination: String) { self.destination = destination }

  /// Takes the mark of the store that answered; another store than before makes all earlier facts void.
  package mutating func meet(mark: [UInt8], at time: Int64) {
    if !self.mark.isEmpty, !mark.isEmpty, self.mark != mark {
      self = MirrorNote(destination: destination)
    }
    if !mark.isEmpty { self.mark = mark }
    lastContact = time
  }

  /// Takes what the mirror holds of this store's log.
  package mutating func learn(frontier: [RecordID], extraRecords: UInt64, at time: Int64) {
    guard frontier.count <= NoteLimits.frontierCount else { return }
    self.frontier = frontier
    extraRecordCount = extraRecords
    knownAt = time
  }
}

extension MirrorNote {
  /// What two names of one store tell of it together, the newest of each; under this name.
  package func joined(with other: MirrorNote) -> MirrorNote {
    var joined = self
    joined.lastContact = [lastContact, other.lastContact].compactMap(\.self).max()
    joined.lastSuccess = [lastSuccess, other.lastSuccess].compactMap(\.self).max()
    if (other.lastAttempt ?? .min) > (lastAttempt ?? .min) {
      joined.lastAttempt = other.lastAttempt
      joined.failure = other.failure
    }
    if (other.knownAt ?? .min) > (knownAt ?? .min) {
      joined.frontier = other.frontier
      joined.knownAt = other.knownAt
      joined.extraRecordCount = other.extraRecordCount
    }
    if (other.lastContact ?? .min) > (lastContact ?? .min) {
      joined.reported = other.reported
      joined.isSelecting = other.isSelecting
    }
    return joined
  }
}

extension MirrorNote: KeptNote {
  func write(to writer: inout CBORWriter) {
    let optional = [lastContact, lastAttempt, lastSuccess, knownAt].count { $0 != nil }
    writer.mapHeader(
      3 + optional + [failure != nil, frontier != nil, reported != nil, isSelecting].count { $0 }
    )
    writer.field(1, destination)
    writer.field(2, mark)
    if let lastContact { writer.field(3, signed: lastContact) }
    if let lastAttempt { writer.field(4, signed: lastAttempt) }
    if let lastSuccess { writer.field(5, signed: lastSuccess) }
    if let failure {
      let shown = failure.utf8.prefix(NoteLimits.failureByteCount / 2)
      writer.field(6, String(decoding: shown, as: UTF8.self))
    }
    if let frontier { writer.field(7, frontier.flatMap(\.digest.bytes)) }
    if let knownAt { writer.field(8, signed: knownAt) }
    writer.field(9, extraRecordCount)
    if let reported {
      writer.field(10, arrayOf: 2)
      writer.signed(reported.time)
      writer.unsigned(reported.extent.rawValue)
    }
    if isSelecting { writer.field(11, 1) }
  }

  init?(reading reader: inout CBORReader) throws(CBORError) {
    var map = try reader.beginMap(limit: NoteLimits.keyCount)
    var destination: String?
    var note = MirrorNote(destination: "")
    while let key = try map.nextKey(&reader) {
      switch key {
      case 1: destination = try reader.readText(limit: NoteLimits.destinationByteCount)
      case 2: note.mark = Array(try reader.readBytes(limit: 32))
      case 3: note.lastContact = try reader.readSigned()
      case 4: note.lastAttempt = try reader.readSigned()
      case 5: note.lastSuccess = try reader.readSigned()
      case 6: note.failure = try reader.readText(limit: NoteLimits.failureByteCount)
      case 7:
        let bytes = try reader.readBytes(limit: 32 * NoteLimits.frontierCount)
        guard bytes.count.isMultiple(of: Digest.byteCount) else { return nil }
        note.frontier = stride(from: bytes.startIndex, to: bytes.endIndex, by: Digest.byteCount)
          .compactMap { RecordID(bytes[$0..<$0 + Digest.byteCount]) }
      case 8: note.knownAt = try reader.readSigned()
      case 9: note.extraRecordCount = try reader.readUnsigned()
      case 10:
        guard try reader.readArrayHeader(limit: 2) == 2 else { return nil }
        note.reported = try Verification(reading: &reader)
      case 11: note.isSelecting = try reader.readUnsigned() == 1
      // Of a later version.
      default: try reader.skipValue()
      }
    }
    guard let destination else { return nil }
    self.init(destination: destination)
    let mark = note.mark
    self.mark = mark
    lastContact = note.lastContact
    lastAttempt = note.lastAttempt
    lastSuccess = note.lastSuccess
    failure = note.failure
    frontier = note.frontier
    knownAt = note.knownAt
    extraRecordCount = note.extraRecordCount
    reported = note.reported
    isSelecting = note.isSelecting
  }
}
