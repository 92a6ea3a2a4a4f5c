package import CoreTypes
import Sealing

/// Where one object stands in a pack.
///
/// Source: Formats/pack.md §2.
package struct ObjectPlace: Equatable, Sendable {
  package let id: ObjectID
  /// Offset of the stub; the body follows it.
  package let stubOffset: Int
  package let bodyByteCount: Int
  package let headOffset: Int
  package let headByteCount: Int

  package init(
    id: ObjectID,
    stubOffset: Int,
    bodyByteCount: Int,
    headOffset: Int,
    headByteCount: Int
  ) {
    self.id = id
    self.stubOffset = stubOffset
    self.bodyByteCount = bodyByteCount
    self.headOffset = headOffset
    self.headByteCount = headByteCount
  }

  /// Offset of the body.
  package var bodyOffset: Int { stubOffset + ObjectPreamble.stubByteCount }

  /// What the object takes in the pack: stub, body, head, its line in the trailer.
  package var storedByteCount: Int {
    ObjectPreamble.stubByteCount + bodyByteCount + headByteCount + PackTrailer.lineByteCount
  }
}

/// The list of objects at the end of a pack.
///
/// Source: Formats/pack.md §1–2.
package struct PackTrailer: Equatable, Sendable {
  static let startMagic = Array("KISTTRLR".utf8)
  static let endMagic = Array("KISTPEND".utf8)
  static let header = Array("KISTPACK".utf8) + [1, 0, 0, 0, 0, 0, 0, 0]
  static let version: UInt32 = 1
  static let lineByteCount = 40
  static let fixedByteCount = 32
  static let endByteCount = 16
  static let objectLimit = 1_048_576

  package let places: [ObjectPlace]
  /// Bytes of all heads, and where they begin.
  package let headsOffset: Int
  package let headsByteCount: Int
  /// Bytes of the trailer itself.
  package let byteCount: Int

  /// Bytes of the whole pack.
  package var packByteCount: Int { headsOffset + headsByteCount + byteCount }

  /// Bytes of a whole pack that has these objects.
  package static func packByteCount(of places: [ObjectPlace]) -> Int {
    places.reduce(header.count + fixedByteCount) { $0 + $1.storedByteCount }
  }

  /// The trailer of a pack whose objects have these ids and lengths, in order.
  static func encode(_ lines: [(id: ObjectID, head: Int, body: Int)]) -> [UInt8] {
    let byteCount = fixedByteCount + lineByteCount * lines.count
    var writer = ByteWriter(capacity: byteCount)
    writer.write(contentsOf: startMagic)
    writer.write(version)
    writer.write(UInt32(lines.count))
    for line in lines {
      writer.write(line.id.digest)
      writer.write(UInt32(line.head))
      writer.write(UInt32(line.body))
    }
    writer.write(UInt32(byteCount))
    writer.write(UInt32(0))
    writer.write(contentsOf: endMagic)
    return writer.bytes
  }

  /// Length of the trailer according to the last 16 bytes of a pack; `nil` if they are no end.
  static func byteCount(fromEnd end: [UInt8]) -> Int? {
    var reader = ByteReader(end)
    do {
      let count = Int(try reader.readUInt32())
      guard try reader.readUInt32() == 0, Array(try reader.read(8)) == endMagic,
        reader.remaining == 0, count >= fixedByteCount + lineByteCount,
        count <= fixedByteCount + lineByteCount * objectLimit,
        (count - fixedByteCount) % lineByteCount == 0
      else { return nil }
      return count
    } catch {
      return nil
    }
  }

  /// Reads a trailer and computes every place; the name was compared by the caller.
  init(decoding bytes: [UInt8], pack: PackID) throws(PackingError) {
    do {
      var reader = ByteReader(bytes)
      guard Array(try reader.read(8)) == PackTrailer.startMagic,
        try reader.readUInt32() == PackTrailer.version
      else { throw PackingError.damagedTrailer(pack, reason: "wrong start or version") }
      let count = Int(try reader.readUInt32())
      guard count >= 1, count <= PackTrailer.objectLimit,
        bytes.count == PackTrailer.fixedByteCount + PackTrailer.lineByteCount * count
      else { throw PackingError.damagedTrailer(pack, reason: "wrong number of objects") }
      var lines: [(id: ObjectID, head: Int, body: Int)] = []
      lines.reserveCapacity(count)
      var seen: Set<ObjectID> = []
      var bodies = PackTrailer.header.count
      for _ in 0..<count {
        let line = (
          id: ObjectID(try reader.readDigest()), head: Int(try reader.readUInt32()),
          body: Int(try reader.readUInt32())
        )
        guard seen.insert(line.id).inserted,
          line.body <= ObjectLimits.bodyByteCount,
          line.head > ObjectPreamble.headPrefixByteCount,
          line.head <= ObjectPreamble.headPrefixByteCount + ObjectLimits.sealedDirectoryByteCount
        else { throw PackingError.damagedTrailer(pack, reason: "impossible object") }
        bodies += ObjectPreamble.stubByteCount + line.body
        lines.append(line)
      }
      guard
        PackTrailer.byteCount(fromEnd: Array(try reader.read(PackTrailer.endByteCount)))
          == bytes.count
      else { throw PackingError.damagedTrailer(pack, reason: "wrong end") }

      var places: [ObjectPlace] = []
      places.reserveCapacity(count)
      var stub = PackTrailer.header.count
      var head = bodies
      for line in lines {
        places.append(
          ObjectPlace(
            id: line.id,
            stubOffset: stub,
            bodyByteCount: line.body,
            headOffset: head,
            headByteCount: line.head
          )
        )
        stub += ObjectPreamble.stubByteCount + line.body
        head += line.head
      }
      self.places = places
      headsOffset = bodies
      headsByteCount = head - bodies
      byteCount = bytes.count
    } catch let error as PackingError {
      throw error
    } catch {
      throw .damagedTrailer(pack, reason: "cut short")
    }
  }
}
