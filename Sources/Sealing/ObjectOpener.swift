import CoreTypes
import Sodium
import Zstandard

/// Opens heads and bodies of objects.
///
/// One a thread: it owns a decompressor, and is not `Sendable`.
package final class ObjectOpener {
  private let keyring: Keyring
  private var decompressor: Decompressor

  package init(keyring: Keyring) throws(SealingError) {
    self.keyring = keyring
    do {
      decompressor = try Decompressor()
    } catch {
      throw .library("zstd: \(error)")
    }
  }

  /// Opens the sealed directory of a head.
  ///
  /// Source: Formats/object.md §4–5.
  package func directory(of head: ObjectHead) throws(SealingError) -> ObjectDirectory {
    let key = try provenKey(for: head.preamble)
    var plaintext: [UInt8] = []
    do {
      try AuthenticatedCipher.open(
        Array(head.sealedDirectory).span,
        key: key.subkey(DerivationTag.objectDirectory, nonce: head.preamble.nonce),
        nonce: head.preamble.nonce,
        associatedData: head.preamble.bytes.span,
        appendingTo: &plaintext
      )
    } catch {
      throw .notAuthentic(what: "directory of an object")
    }
    return try ObjectOpener.decodeDirectory(plaintext)
  }

  /// Opens a body, in place, into the chunks that it holds; their ids are not proven yet.
  package func openBody(
    _ body: consuming [UInt8],
    preamble: ObjectPreamble
  )
    throws(SealingError) -> OpenedBody
  {
    let frame = try openFrame(body, preamble: preamble)
    var plaintext: [UInt8] = []
    switch frame.codec {
    case 0:
      plaintext = Array(frame.bytes[frame.contentRange])
      guard plaintext.count == frame.plaintextByteCount else {
        throw .malformed(what: "length of stored content")
      }
    case 1:
      do {
        try decompressor.decompress(
          frame.bytes.span.extracting(frame.contentRange),
          exactly: frame.plaintextByteCount,
          appendingTo: &plaintext
        )
      } catch {
        throw .decompression("\(error)")
      }
    default: throw .malformed(what: "codec \(frame.codec)")
    }
    return OpenedBody(
      kind: frame.kind,
      identityKey: frame.identityKey,
      lengths: frame.lengths,
      plaintext: plaintext
    )
  }

  /// Opens a body as far as its frame, without decompressing: what salvage seals anew.
  package func openFrame(
    _ body: consuming [UInt8],
    preamble: ObjectPreamble
  )
    throws(SealingError) -> ObjectFrame
  {
    guard body.count == preamble.bodyByteCount else {
      throw .malformed(what: "length of a body")
    }
    let key = try provenKey(for: preamble)
    do {
      try AuthenticatedCipher.openInPlace(
        &body,
        from: 0,
        key: key.subkey(DerivationTag.objectBody, nonce: preamble.nonce),
        nonce: preamble.nonce,
        associatedData: preamble.bytes.span
      )
    } catch {
      throw .notAuthentic(what: "body of an object")
    }
    return try ObjectFrame(decoding: body)
  }

  private func provenKey(for preamble: ObjectPreamble) throws(SealingError) -> DataKey {
    guard let key = keyring.dataKey(preamble.keyID) else { throw .unknownKey(preamble.keyID) }
    guard constantTimeEqual(key.commitment(nonce: preamble.nonce), preamble.commitment) else {
      throw .commitmentMismatch
    }
    return key
  }

  /// Reads the opened plaintext of a sealed directory.
  static func decodeDirectory(_ bytes: [UInt8]) throws(SealingError) -> ObjectDirectory {
    do {
      var reader = ByteReader(bytes)
      guard let kind = ChunkKind(rawValue: try reader.readUInt8()) else {
        throw SealingError.malformed(what: "kind of an object")
      }
      let reserved = UInt32(try reader.readUInt8()) + UInt32(try reader.readUInt16())
      let count = Int(try reader.readUInt32())
      let frameByteCount = Int(try reader.readUInt32())
      guard reserved == 0, try reader.readUInt32() == 0 else {
        throw SealingError.malformed(what: "reserved bytes of a directory")
      }
      guard count >= 1, count <= ObjectLimits.chunkCount else {
        throw SealingError.tooLarge(
          what: "chunks of an object",
          value: UInt64(count),
          limit: UInt64(ObjectLimits.chunkCount)
        )
      }
      guard let identityKey = KeyID(try reader.read(KeyID.byteCount)) else {
        throw SealingError.malformed(what: "id of the id key")
      }
      guard count * Digest.byteCount <= reader.remaining else {
        throw SealingError.malformed(what: "chunk ids of a directory")
      }
      var ids: [ChunkID] = []
      ids.reserveCapacity(count)
      for _ in 0..<count { ids.append(ChunkID(try reader.readDigest())) }
      guard bytes.count == Padding.powerOfTwo(32 + 32 * count, floor: 64),
        try reader.read(reader.remaining).allSatisfy({ $0 == 0 })
      else { throw SealingError.malformed(what: "padding of a directory") }
      return ObjectDirectory(
        kind: kind,
        frameByteCount: frameByteCount,
        identityKey: identityKey,
        chunkIDs: ids
      )
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "directory, cut short")
    }
  }
}
