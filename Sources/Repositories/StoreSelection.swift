package import CoreTypes
import Encoding
import Sealing

/// Which snapshots a store holds by choice, and where the objects that they need are listed.
///
/// Source: Formats/store.md §5. A store without one holds everything that its log requires.
package struct StoreSelection: Equatable, Sendable {
  /// Snapshots that are held whole, ascending; they need not be live any more.
  package let snapshots: [RecordID]
  /// Manifests that together list what they need, in the order of the ids in them.
  package let lists: [Digest]

  package init(snapshots: some Sequence<RecordID>, objects: ChosenObjects) {
    self.snapshots = Set(snapshots).sorted()
    lists = (0..<objects.listCount).map { PlainHash.of(objects.list($0)) }
  }

  /// True if a snapshot is held whole.
  package func holds(_ snapshot: RecordID) -> Bool { snapshots.hasAscending(snapshot) }

  /// The bytes that travel, and the content of the file but for its hash.
  package var encoded: [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(2)
    writer.field(1, snapshots.flatMap(\.digest.bytes))
    writer.field(2, lists.flatMap(\.bytes))
    return writer.bytes
  }

  /// The name under which it travels: the hash of what travels.
  package var name: Digest { PlainHash.of(encoded) }

  /// The file: what travels, and its hash.
  package var file: [UInt8] { encoded + name.bytes }

  /// Reads a file; `nil` if it is damaged.
  package init?(file: [UInt8]) {
    let content = Array(file.dropLast(Digest.byteCount))
    guard PlainHash.of(content).bytes.elementsEqual(file.suffix(Digest.byteCount)) else {
      return nil
    }
    do {
      try self.init(decoding: content)
    } catch {
      return nil
    }
  }

  /// Reads what travelled; its hash was proven.
  package init(decoding bytes: [UInt8]) throws(RecordError) {
    do {
      var reader = CBORReader(bytes)
      var map = try reader.beginMap(limit: 2)
      var snapshots: [Digest]?
      var lists: [Digest]?
      while let key = try map.nextKey(&reader) {
        switch key {
        case 1: snapshots = try StoreSelection.digests(&reader, limit: SelectionLimits.snapshots)
        case 2: lists = try StoreSelection.digests(&reader, limit: SelectionLimits.lists)
        default: throw map.unknownKey
        }
      }
      try reader.finish()
      guard let snapshots, let lists else { throw RecordError.malformed("selection") }
      self.snapshots = snapshots.map { RecordID($0) }
      guard self.snapshots.isAscending else {
        throw RecordError.malformed("snapshots of a selection: not ascending")
      }
      self.lists = lists
    } catch let error as RecordError {
      throw error
    } catch {
      throw .malformed("selection: \(error)")
    }
  }

  private static func digests(_ reader: inout CBORReader, limit: Int) throws -> [Digest] {
    let bytes = try reader.readBytes(limit: limit * Digest.byteCount)
    guard bytes.count.isMultiple(of: Digest.byteCount) else {
      throw RecordError.malformed("length of a selection's list")
    }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: Digest.byteCount).compactMap {
      Digest(bytes[$0..<$0 + Digest.byteCount])
    }
  }

  /// Throws if there are more lists than the records of a log could ever fill.
  ///
  /// A list that is signed by nobody must not make anybody read without end.
  package func requireFits(_ log: RecordLog) throws(RecordError) {
    var inline = 0
    var manifests = 0
    for record in log.records.values {
      inline += record.clear.adds.count
      manifests += record.clear.addManifests.count
    }
    guard lists.count <= manifests + inline / Manifest.idLimit + 1 else {
      throw .malformed("a selection has more lists than the records have")
    }
  }
}

/// Limits of a selection.
///
/// Source: Formats/store.md §5.
package enum SelectionLimits {
  package static let snapshots = 65_536
  package static let lists = 1024
  /// Both, what is around them, and the hash of the file.
  package static let byteCount = 64 + Digest.byteCount * (snapshots + lists + 1)
}
