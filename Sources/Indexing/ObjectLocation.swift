package import CoreTypes
package import Packing

/// Where a store has an object, and what is known of it there.
package struct ObjectLocation: Equatable, Sendable {
  package let pack: PackID
  package let place: ObjectPlace

  package init(pack: PackID, place: ObjectPlace) {
    self.pack = pack
    self.place = place
  }

  static let byteCount = 32 + 4 * 4

  /// The row: pack id, then four u32 (packs are at most 1 GiB).
  var encoded: [UInt8] {
    var writer = ByteWriter(capacity: ObjectLocation.byteCount)
    writer.write(pack.digest)
    writer.write(UInt32(place.stubOffset))
    writer.write(UInt32(place.bodyByteCount))
    writer.write(UInt32(place.headOffset))
    writer.write(UInt32(place.headByteCount))
    return writer.bytes
  }

  init?(decoding bytes: [UInt8], object: ObjectID) {
    guard bytes.count == ObjectLocation.byteCount else { return nil }
    var reader = ByteReader(bytes)
    do {
      pack = PackID(try reader.readDigest())
      place = ObjectPlace(
        id: object,
        stubOffset: Int(try reader.readUInt32()),
        bodyByteCount: Int(try reader.readUInt32()),
        headOffset: Int(try reader.readUInt32()),
        headByteCount: Int(try reader.readUInt32())
      )
    } catch {
      return nil
    }
  }
}
