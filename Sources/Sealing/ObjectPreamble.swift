package import CoreTypes

/// What precedes both the head and the body of an object.
///
/// Source: Formats/object.md §1.
package struct ObjectPreamble: Equatable, Sendable {
  /// Bytes of an encoded preamble.
  package static let byteCount = 84
  /// Bytes before the sealed directory in a head: magic, preamble, hash of the body.
  package static let headPrefixByteCount = 4 + byteCount + Digest.byteCount
  /// Bytes of a stub: magic, preamble.
  package static let stubByteCount = 4 + byteCount
  /// "KOBJ", the start of a head.
  package static let headMagic: [UInt8] = [0x4B, 0x4F, 0x42, 0x4A]
  /// "KSTB", the start of a stub.
  package static let stubMagic: [UInt8] = [0x4B, 0x53, 0x54, 0x42]

  static let version: UInt8 = 1
  static let suite: UInt8 = 1
  static let nonceByteCount = HedgedNonce.byteCount
  static let tagByteCount = 16

  package let keyID: KeyID
  package let nonce: [UInt8]
  package let commitment: [UInt8]
  /// Bytes of the sealed directory, its tag included.
  package let directoryByteCount: Int
  /// Bytes of the body, its tag included.
  package let bodyByteCount: Int

  /// The 84 bytes.
  package var bytes: [UInt8] {
    var writer = ByteWriter(capacity: ObjectPreamble.byteCount)
    writer.write(ObjectPreamble.version)
    writer.write(ObjectPreamble.suite)
    writer.write(UInt16(0))
    writer.write(contentsOf: keyID.bytes)
    writer.write(contentsOf: nonce)
    writer.write(contentsOf: commitment)
    writer.write(UInt32(directoryByteCount))
    writer.write(UInt32(bodyByteCount))
    return writer.bytes
  }

  /// The stub that precedes the body in a pack.
  ///
  /// Source: Formats/pack.md §1.
  package var stub: [UInt8] { ObjectPreamble.stubMagic + bytes }

  init(
    keyID: KeyID,
    nonce: [UInt8],
    commitment: [UInt8],
    directoryByteCount: Int,
    bodyByteCount: Int
  ) {
    self.keyID = keyID
    self.nonce = nonce
    self.commitment = commitment
    self.directoryByteCount = directoryByteCount
    self.bodyByteCount = bodyByteCount
  }

  /// Reads 84 bytes and checks version, suite and sizes.
  package init(decoding bytes: ArraySlice<UInt8>) throws(SealingError) {
    do {
      var reader = ByteReader(bytes)
      let version = try reader.readUInt8()
      let suite = try reader.readUInt8()
      guard version == ObjectPreamble.version, suite == ObjectPreamble.suite else {
        throw SealingError.unknownSuite(version: version, suite: suite)
      }
      guard try reader.readUInt16() == 0 else {
        throw SealingError.malformed(what: "reserved bytes of a preamble")
      }
      guard let keyID = KeyID(try reader.read(KeyID.byteCount)) else {
        throw SealingError.malformed(what: "key id")
      }
      self.keyID = keyID
      nonce = Array(try reader.read(ObjectPreamble.nonceByteCount))
      commitment = Array(try reader.read(Digest.byteCount))
      directoryByteCount = Int(try reader.readUInt32())
      bodyByteCount = Int(try reader.readUInt32())
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "preamble, cut short")
    }
    guard directoryByteCount <= ObjectLimits.sealedDirectoryByteCount else {
      throw .tooLarge(
        what: "sealed directory",
        value: UInt64(directoryByteCount),
        limit: UInt64(ObjectLimits.sealedDirectoryByteCount)
      )
    }
    guard bodyByteCount <= ObjectLimits.bodyByteCount else {
      throw .tooLarge(
        what: "body",
        value: UInt64(bodyByteCount),
        limit: UInt64(ObjectLimits.bodyByteCount)
      )
    }
    guard directoryByteCount > ObjectPreamble.tagByteCount,
      bodyByteCount > ObjectPreamble.tagByteCount
    else { throw .malformed(what: "sizes of a preamble") }
  }
}

/// Limits of objects.
///
/// Source: Formats/README.md §3.
package enum ObjectLimits {
  /// Plaintext that readers accept: 16 MiB.
  package static let plaintextByteCount = 16 << 20
  /// Chunks that writers put into one object at most.
  package static let writtenChunkCount = 16_384
  /// Chunks that readers accept in one object.
  package static let chunkCount = 65_536
  /// Bytes of a sealed directory that readers accept: 4 MiB and its tag.
  package static let sealedDirectoryByteCount = (4 << 20) + 16
  /// Bytes of a body that readers accept: the longest frame, its padding, the tag.
  package static let bodyByteCount =
    Padding.padmé(
      ObjectFrame.headerByteCount + 4 * chunkCount + plaintextByteCount,
      floor: 4096
    ) + ObjectPreamble.tagByteCount
}
