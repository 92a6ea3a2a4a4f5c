package import CoreTypes

/// The opened body of an object, still compressed.
///
/// Source: Formats/object.md §4.
package struct ObjectFrame: Sendable {
  /// Bytes before the table of lengths.
  static let headerByteCount = 32

  package let kind: ChunkKind
  package let codec: UInt8
  /// The key with which the chunks were named.
  package let identityKey: KeyID
  package let lengths: [Int]
  package let plaintextByteCount: Int
  /// The frame with its padding.
  package let bytes: [UInt8]
  /// Bytes of the frame without its padding.
  package let byteCount: Int
  let contentRange: Range<Int>

  /// Reads an opened body and checks that its parts agree and its padding is zero.
  init(decoding body: [UInt8]) throws(SealingError) {
    do {
      var reader = ByteReader(body)
      guard let kind = ChunkKind(rawValue: try reader.readUInt8()) else {
        throw SealingError.malformed(what: "kind of a frame")
      }
      codec = try reader.readUInt8()
      let reserved = try reader.readUInt16()
      let count = Int(try reader.readUInt32())
      plaintextByteCount = Int(try reader.readUInt32())
      let storedByteCount = Int(try reader.readUInt32())
      guard reserved == 0, count >= 1, count <= ObjectLimits.chunkCount else {
        throw SealingError.malformed(what: "number of chunks in a frame")
      }
      guard plaintextByteCount <= ObjectLimits.plaintextByteCount else {
        throw SealingError.tooLarge(
          what: "plaintext of an object",
          value: UInt64(plaintextByteCount),
          limit: UInt64(ObjectLimits.plaintextByteCount)
        )
      }
      guard let identityKey = KeyID(try reader.read(KeyID.byteCount)) else {
        throw SealingError.malformed(what: "id key of a frame")
      }
      self.identityKey = identityKey
      guard count * 4 <= reader.remaining else {
        throw SealingError.malformed(what: "lengths of a frame")
      }
      var lengths: [Int] = []
      lengths.reserveCapacity(count)
      var sum = 0
      for _ in 0..<count {
        let length = Int(try reader.readUInt32())
        guard length > 0 else { throw SealingError.malformed(what: "an empty chunk") }
        sum += length
        lengths.append(length)
      }
      guard sum == plaintextByteCount, storedByteCount <= reader.remaining else {
        throw SealingError.malformed(what: "lengths of a frame")
      }
      let start = body.count - reader.remaining
      contentRange = start..<start + storedByteCount
      guard body[(start + storedByteCount)...].allSatisfy({ $0 == 0 }),
        body.count == Padding.padmé(start + storedByteCount, floor: 4096)
      else { throw SealingError.malformed(what: "padding of a body") }
      self.kind = kind
      self.lengths = lengths
      byteCount = start + storedByteCount
      bytes = body
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "frame, cut short")
    }
  }
}
