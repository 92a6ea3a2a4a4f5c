package import CoreTypes
import Encoding
import Sealing

/// What this machine remembers of one mirror.
///
/// Nothing is decided by it: it is shown to people.
package struct MirrorNote: Equatable, Sendable {
  /// Where the mirror is: an absolute path, or a location.
  package private(set) var destination: String
  /// First 16 bytes of the hash of its store id; empty if it was never told.
  package private(set) var mark: [UInt8] = []
  /// When it last answered as a store of this repository.
  package var lastContact: PointInTime?
  /// When a run that was to change something last began.
  package var lastAttempt: PointInTime?
  /// When such a run last ended well.
  package var lastSuccess: PointInTime?
  /// Why the last run failed; `nil` if it did not.
  package var failure: String?
  /// The frontier of those of this repository's records that it held at `knownAt`; `nil` if that was never learned.
  package private(set) var frontier: [RecordID]?
  package private(set) var knownAt: PointInTime?
  /// Records that it held at `knownAt` and this store lacked.
  package private(set) var extraRecordCount: UInt64 = 0
  /// The last check that found nothing, as the mirror itself told.
  package var reported: Verification?
  /// True if it held chosen snapshots only when it last answered.
  package var isSelecting = false

  package init(destination: String) { self.destination = destination }

  /// Takes the mark of the store that answered; another store than before makes all earlier facts void.
  package mutating func meet(mark: [UInt8], at time: PointInTime) {
    if !self.mark.isEmpty, !mark.isEmpty, self.mark != mark {
      self = MirrorNote(destination: destination)
    }
    if !mark.isEmpty { self.mark = mark }
    lastContact = time
  }

  /// Takes what the mirror holds of this store's log.
  package mutating func learn(frontier: [RecordID], extraRecords: UInt64, at time: PointInTime) {
    guard frontier.count <= NoteLimits.frontierCount else { return }
    self.frontier = frontier
    extraRecordCount = extraRecords
    knownAt = time
  }
}

extension MirrorNote {
  /// True if one of its moments has not come yet: the clock was wrong when it was noted, or is now.
  package func isAhead(in order: NoteOrder) -> Bool {
    [lastContact, lastAttempt, lastSuccess, knownAt].contains { order.isAhead($0) }
  }

  /// What two names of one store tell of it together, the newest of each; under this name.
  package func joined(with other: MirrorNote, in order: NoteOrder) -> MirrorNote {
    var joined = self
    joined.lastContact = order.later(lastContact, other.lastContact)
    joined.lastSuccess = order.later(lastSuccess, other.lastSuccess)
    if order.is(other.lastAttempt, laterThan: lastAttempt) {
      joined.lastAttempt = other.lastAttempt
      joined.failure = other.failure
    }
    if order.is(other.knownAt, laterThan: knownAt) {
      joined.frontier = other.frontier
      joined.knownAt = other.knownAt
      joined.extraRecordCount = other.extraRecordCount
    }
    if order.is(other.lastContact, laterThan: lastContact) {
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
    if let failure {
      let shown = failure.utf8.prefix(NoteLimits.failureByteCount / 2)
      writer.field(6, String(decoding: shown, as: UTF8.self))
    }
    if let frontier { writer.field(7, frontier.flatMap(\.digest.bytes)) }
    writer.field(9, extraRecordCount)
    if let reported {
      writer.field(10, arrayOf: 2)
      writer.signed(reported.time)
      writer.unsigned(reported.extent.rawValue)
    }
    if isSelecting { writer.field(11, 1) }
    for (key, time) in [(12, lastContact), (13, lastAttempt), (14, lastSuccess), (15, knownAt)] {
      guard let time else { continue }
      writer.unsigned(UInt64(key))
      writer.time(time)
    }
  }

  init?(reading reader: inout CBORReader) throws {
    var map = try reader.beginMap(limit: NoteLimits.keyCount)
    var destination: String?
    var note = MirrorNote(destination: "")
    while let key = try map.nextKey(&reader) {
      switch key {
      case 1: destination = try reader.readText(limit: NoteLimits.destinationByteCount)
      case 2: note.mark = Array(try reader.readBytes(limit: 32))
      case 6: note.failure = try reader.readText(limit: NoteLimits.failureByteCount)
      case 7:
        let bytes = try reader.readBytes(limit: 32 * NoteLimits.frontierCount)
        guard bytes.count.isMultiple(of: Digest.byteCount) else { return nil }
        note.frontier = stride(from: bytes.startIndex, to: bytes.endIndex, by: Digest.byteCount)
          .compactMap { RecordID(bytes[$0..<$0 + Digest.byteCount]) }
      case 9: note.extraRecordCount = try reader.readUnsigned()
      case 10:
        guard try reader.readArrayHeader(limit: 2) == 2 else { return nil }
        note.reported = try Verification(reading: &reader)
      case 11: note.isSelecting = try reader.readUnsigned() == 1
      case 12: note.lastContact = try reader.readTime()
      case 13: note.lastAttempt = try reader.readTime()
      case 14: note.lastSuccess = try reader.readTime()
      case 15: note.knownAt = try reader.readTime()
      // Of a later version; 3, 4, 5 and 8 were times in whole seconds, in which two runs can begin.
      default: try reader.skipValue()
      }
    }
    guard let destination else { return nil }
    note.destination = destination
    self = note
  }
}
