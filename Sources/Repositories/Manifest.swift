package import CoreTypes
import Sealing

/// A list of object ids too long for a record.
///
/// Source: Formats/record-log.md §5.
package enum Manifest {
  /// Ids in one manifest at most.
  static let idLimit = 1_048_576
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

  /// The ids of a file whose hash was proven; ascending order is checked.
  package static func decode(_ bytes: [UInt8]) throws(RecordError) -> [ObjectID] {
    var reader = ByteReader(bytes)
    do {
      guard Array(try reader.read(8)) == magic else { throw RecordError.malformed("manifest") }
      let count = Int(try reader.readUInt32())
      guard count <= idLimit, reader.remaining == 32 * count else {
        throw RecordError.malformed("length of a manifest")
      }
      var ids: [ObjectID] = []
      ids.reserveCapacity(count)
      for _ in 0..<count {
        let id = ObjectID(try reader.readDigest())
        if let last = ids.last, last >= id { throw RecordError.malformed("manifest not sorted") }
        ids.append(id)
      }
      return ids
    } catch let error as RecordError {
      throw error
    } catch {
      throw .malformed("manifest, cut short")
    }
  }
}
