package import CoreTypes
import Sealing
import Storage

/// A list of object ids too long for a record.
///
/// Source: Formats/record-log.md §5.
package enum Manifest {
  /// Ids in one manifest at most.
  static let idLimit = 1_048_576
  /// Bytes before the first id.
  static let headerByteCount = 12
  private static let magic = Array("KISTMANI".utf8)

  /// The file for ids that are sorted, distinct, and at most 1,048,576.
  package static func encode(_ ids: ArraySlice<ObjectID>) -> [UInt8] {
    precondition(ids.count <= idLimit)
    var writer = ByteWriter(capacity: 12 + 32 * ids.count)
    writer.write(contentsOf: magic)
    writer.write(UInt32(ids.count))
    for id in ids { writer.write(id.digest) }
    return writer.bytes
  }

  /// Puts ids that are sorted and distinct into as many manifests as they need; returns their names, ascending.
  static func put(
    _ ids: [ObjectID],
    in store: any BlobStore
  ) throws(RepositoryError) -> [Digest] {
    var manifests: [Digest] = []
    var rest = ids[...]
    while !rest.isEmpty {
      let bytes = encode(rest.prefix(idLimit))
      let digest = PlainHash.of(bytes)
      do {
        try store.put(bytes, as: BlobName(.manifest, digest))
      } catch {
        throw .storage(error)
      }
      manifests.append(digest)
      rest = rest.dropFirst(idLimit)
    }
    return manifests.sorted()
  }

  /// The ids of a file whose hash was proven; ascending order is checked.
  package static func decode(_ bytes: [UInt8]) throws(RecordError) -> ManifestIDs {
    guard isHeader(bytes.prefix(headerByteCount), ofByteCount: bytes.count) else {
      throw .malformed("start or length of a manifest")
    }
    let ids = ManifestIDs(bytes)
    var last: ObjectID?
    for id in ids {
      if let last, last >= id { throw .malformed("manifest not sorted") }
      last = id
    }
    return ids
  }

  /// True if a file of so many bytes may begin with these.
  static func isHeader(_ header: ArraySlice<UInt8>, ofByteCount byteCount: Int) -> Bool {
    var reader = ByteReader(header)
    do throws(TruncatedInput) {
      guard try reader.read(magic.count).elementsEqual(magic) else { return false }
      let count = Int(try reader.readUInt32())
      return count <= idLimit && byteCount == headerByteCount + Digest.byteCount * count
    } catch {
      return false
    }
  }
}

/// The ids of a manifest, read where they stand in the bytes of its file.
///
/// A million of them take 32 MB; a list beside the file would take as much again.
package struct ManifestIDs: RandomAccessCollection, Sendable {
  private let bytes: [UInt8]

  /// The bytes of a whole manifest.
  fileprivate init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var startIndex: Int { 0 }
  package var endIndex: Int {
    (bytes.count - Manifest.headerByteCount) / Digest.byteCount
  }

  package subscript(position: Int) -> ObjectID {
    let start = Manifest.headerByteCount + Digest.byteCount * position
    return ObjectID(
      Digest(words: word(start), word(start + 8), word(start + 16), word(start + 24))
    )
  }

  private func word(_ start: Int) -> UInt64 {
    var word: UInt64 = 0
    for place in start..<start + 8 { word = word << 8 | UInt64(bytes[place]) }
    return word
  }
}
