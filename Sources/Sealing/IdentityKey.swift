package import CoreTypes
import Sodium

/// The key under which chunks get their names and files are cut.
///
/// Source: Formats/keys.md §2, §4.
package struct IdentityKey: Sendable {
  package let id: KeyID
  private let naming: SecretBytes
  private let cutting: SecretBytes

  /// Splits the 64 bytes of a keyring entry: 32 for names, 32 for cutting.
  init(id: KeyID, naming: SecretBytes, cutting: SecretBytes) {
    self.id = id
    self.naming = naming
    self.cutting = cutting
  }

  /// Name of a chunk.
  ///
  /// Source: Formats/chunk.md §2.
  package func chunkID(of content: borrowing Span<UInt8>, kind: ChunkKind) -> ChunkID {
    ChunkID(Digest(Blake2b.keyed256(key: naming, personal: tag(of: kind), content)))
  }

  /// Name of the chunk that is the given part of a larger buffer.
  package func chunkID(of content: UnsafeRawBufferPointer, kind: ChunkKind) -> ChunkID {
    ChunkID(Digest(unsafe Blake2b.keyed256(key: naming, personal: tag(of: kind), content)))
  }

  /// Names of the chunks that are the given parts of a larger buffer.
  package func chunkIDs(
    of ranges: [Range<Int>],
    in buffer: UnsafeRawBufferPointer,
    kind: ChunkKind
  ) -> [ChunkID] {
    unsafe Blake2b.keyed256(key: naming, personal: tag(of: kind), ranges: ranges, of: buffer)
      .map { ChunkID(Digest($0)) }
  }

  /// A uniform number that decides whether a directory page ends after `name`.
  ///
  /// Source: Formats/tree.md §5.
  package func splitValue(of name: [UInt8]) -> UInt64 {
    Blake2b.keyed256(key: naming, personal: DerivationTag.nameSplit, name.span).a
  }

  /// The 2,048 bytes from which the gear table is made.
  ///
  /// Source: Formats/keys.md §2.
  package func gearKeyStream() -> [UInt8] {
    var stream: [UInt8] = []
    for block in UInt32(0)..<32 {
      var message = ByteWriter()
      message.write(block)
      stream += Blake2b.derive(
        key: cutting,
        personal: DerivationTag.gear,
        byteCount: 64,
        message.bytes.span
      )
    }
    return stream
  }

  private func tag(of kind: ChunkKind) -> Personalisation {
    switch kind {
    case .data: DerivationTag.dataChunk
    case .tree: DerivationTag.treeChunk
    }
  }
}
