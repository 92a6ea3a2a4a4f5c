package import CoreTypes
import Sodium
import Zstandard

/// How hard to compress.
///
/// Source: Formats/object.md §4.
package enum CompressionChoice: Equatable, Sendable {
  /// Stored as it is.
  case off
  /// zstd at this level, 1...19.
  case level(Int)

  /// Three: measured as the best exchange of time for size on grouped chunks.
  package static let standard = CompressionChoice.level(3)
}

/// Compresses and seals groups of chunks.
///
/// One a thread: it owns a compressor.
package struct ObjectSealer: ~Copyable {
  private let key: DataKey
  private let identityKey: KeyID
  private let level: Int
  private var compressor: Compressor?

  package init(
    key: DataKey,
    identityKey: KeyID,
    compression: CompressionChoice
  )
    throws(SealingError)
  {
    self.key = key
    self.identityKey = identityKey
    switch compression {
    case .off:
      level = 0
      compressor = nil
    case .level(let level):
      self.level = level
      do {
        compressor = try Compressor(level: level)
      } catch {
        throw .library("zstd: \(error)")
      }
    }
  }

  /// Seals `plaintext`, the chunks named by `chunkIDs` one after the other, as one object.
  ///
  /// The lengths must add up to the plaintext, which must not be empty or above 16 MiB. Its name is made with those of others:
  /// `UnnamedObject.named`.
  package mutating func seal(
    kind: ChunkKind,
    chunkIDs: [ChunkID],
    lengths: [Int],
    plaintext: borrowing Span<UInt8>
  ) throws(SealingError) -> UnnamedObject {
    precondition(!chunkIDs.isEmpty && chunkIDs.count == lengths.count)
    precondition(chunkIDs.count <= ObjectLimits.chunkCount)
    precondition(plaintext.count <= ObjectLimits.plaintextByteCount)
    precondition(lengths.reduce(0, +) == plaintext.count)

    var frame: [UInt8] = []
    frame.reserveCapacity(plaintext.count / 2 + 4 * lengths.count + 8192)
    let tableEnd = ObjectFrame.headerByteCount + 4 * lengths.count
    frame.append(contentsOf: repeatElement(0, count: tableEnd))
    var codec: UInt8 = 0
    if level != 0, plaintext.count > 64 {
      do {
        try compressor?.compress(plaintext, appendingTo: &frame)
      } catch {
        throw .library("zstd: \(error)")
      }
      codec = 1
      if frame.count - tableEnd >= plaintext.count {
        frame.removeLast(frame.count - tableEnd)
        codec = 0
      }
    }
    if codec == 0 {
      unsafe plaintext.withUnsafeBufferPointer { unsafe frame.append(contentsOf: $0) }
    }

    var header = ByteWriter(capacity: tableEnd)
    header.write(kind.rawValue)
    header.write(codec)
    header.write(UInt16(0))
    header.write(UInt32(lengths.count))
    header.write(UInt32(plaintext.count))
    header.write(UInt32(frame.count - tableEnd))
    header.write(contentsOf: identityKey.bytes)
    for length in lengths { header.write(UInt32(length)) }
    frame.replaceSubrange(0..<tableEnd, with: header.bytes)
    return try sealFrame(
      &frame,
      kind: kind,
      codec: codec,
      identityKey: identityKey,
      chunkIDs: chunkIDs
    )
  }

  /// Seals a frame that is ready but for padding: the end of `encrypt`, and most of salvage's work.
  package func sealFrame(
    _ frame: inout [UInt8],
    kind: ChunkKind,
    codec: UInt8,
    identityKey: KeyID,
    chunkIDs: [ChunkID]
  ) throws(SealingError) -> UnnamedObject {
    let frameByteCount = frame.count
    frame.append(
      contentsOf: repeatElement(
        0,
        count: Padding.padmé(frameByteCount, floor: 4096) - frameByteCount
      )
    )

    var directory = ByteWriter(capacity: 32 + 36 * chunkIDs.count)
    directory.write(kind.rawValue)
    directory.write(UInt8(0))
    directory.write(UInt16(0))
    directory.write(UInt32(chunkIDs.count))
    directory.write(UInt32(frameByteCount))
    directory.write(UInt32(0))
    directory.write(contentsOf: identityKey.bytes)
    for id in chunkIDs { directory.write(id.digest) }
    let used = directory.bytes.count
    directory.writeZeros(Padding.powerOfTwo(used, floor: 64) - used)

    let nonce = HedgedNonce.make(
      key: key.secret,
      content: directory.bytes + settings(codec: codec)
    )
    let preamble = ObjectPreamble(
      keyID: key.id,
      nonce: nonce,
      commitment: key.commitment(nonce: nonce),
      directoryByteCount: directory.bytes.count + ObjectPreamble.tagByteCount,
      bodyByteCount: frame.count + ObjectPreamble.tagByteCount
    )
    let associated = preamble.bytes

    var sealedDirectory: [UInt8] = []
    do {
      try AuthenticatedCipher.sealInPlace(
        &frame,
        from: 0,
        key: key.subkey(DerivationTag.objectBody, nonce: nonce),
        nonce: nonce,
        associatedData: associated.span
      )
      try AuthenticatedCipher.seal(
        directory.bytes.span,
        key: key.subkey(DerivationTag.objectDirectory, nonce: nonce),
        nonce: nonce,
        associatedData: associated.span,
        appendingTo: &sealedDirectory
      )
    } catch {
      throw .library("sodium: \(error)")
    }
    return UnnamedObject(
      kind: kind,
      chunkIDs: chunkIDs,
      preamble: preamble,
      sealedDirectory: sealedDirectory,
      body: frame
    )
  }

  /// What decides, besides the chunks, which bytes are sealed.
  private func settings(codec: UInt8) -> [UInt8] {
    var writer = ByteWriter(capacity: 16)
    writer.write(codec)
    writer.write(UInt32(level))
    // Another version may compress the same chunks to other bytes of the same length.
    writer.write(contentsOf: Array(ZstandardLibrary.version.utf8))
    return writer.bytes
  }
}
