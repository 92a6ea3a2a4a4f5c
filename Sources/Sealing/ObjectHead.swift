package import CoreTypes

/// An object's head, read but not opened: all that a machine without keys can see.
package struct ObjectHead: Equatable, Sendable {
  package let id: ObjectID
  package let preamble: ObjectPreamble
  package let bodyHash: Digest
  package let sealedDirectory: ArraySlice<UInt8>

  /// Reads a whole head; its id is computed from the bytes.
  ///
  /// Source: Formats/object.md §1–2.
  package init(decoding bytes: [UInt8]) throws(SealingError) {
    guard bytes.count > ObjectPreamble.headPrefixByteCount,
      bytes.starts(with: ObjectPreamble.headMagic)
    else { throw .malformed(what: "head of an object") }
    preamble = try ObjectPreamble(decoding: bytes[4..<4 + ObjectPreamble.byteCount])
    let hashStart = 4 + ObjectPreamble.byteCount
    guard let bodyHash = Digest(bytes[hashStart..<hashStart + Digest.byteCount]) else {
      throw .malformed(what: "hash of a body")
    }
    self.bodyHash = bodyHash
    sealedDirectory = bytes[ObjectPreamble.headPrefixByteCount...]
    guard sealedDirectory.count == preamble.directoryByteCount else {
      throw .malformed(what: "length of a head")
    }
    id = ObjectID(PlainHash.of(bytes))
  }
}

/// What the sealed directory of an object says.
///
/// Source: Formats/object.md §4.
package struct ObjectDirectory: Equatable, Sendable {
  package let kind: ChunkKind
  /// Length of the frame without its padding.
  package let frameByteCount: Int
  package let identityKey: KeyID
  /// In the order of the content.
  package let chunkIDs: [ChunkID]
}

/// An object as it is stored.
package struct SealedObject: Sendable {
  package let id: ObjectID
  package let head: [UInt8]
  package let body: [UInt8]
  package let preamble: ObjectPreamble
  package let chunkIDs: [ChunkID]
  package let kind: ChunkKind
}

/// What opening a body gives.
package struct OpenedBody: Sendable {
  package let kind: ChunkKind
  /// The key with which the chunks were named.
  package let identityKey: KeyID
  /// Length of each chunk, in the order of the content.
  package let lengths: [Int]
  /// The chunks one after the other.
  package let plaintext: [UInt8]
}
