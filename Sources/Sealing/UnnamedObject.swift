import CoreTypes

/// A sealed object that still lacks the hash of its body and its own name.
///
/// Hashing is most of the work of storing what does not compress, and several bodies are hashed together in far less
/// time than one by one (Docs/decisions/0015-hash-lanes.md): so writers gather a few, and name them at once.
package struct UnnamedObject: Sendable {
  /// Objects that are worth naming together.
  package static let groupCount = 8

  private let kind: ChunkKind
  private let chunkIDs: [ChunkID]
  private let preamble: ObjectPreamble
  private let sealedDirectory: [UInt8]
  private let body: [UInt8]

  init(
    kind: ChunkKind,
    chunkIDs: [ChunkID],
    preamble: ObjectPreamble,
    sealedDirectory: [UInt8],
    body: [UInt8]
  ) {
    self.kind = kind
    self.chunkIDs = chunkIDs
    self.preamble = preamble
    self.sealedDirectory = sealedDirectory
    self.body = body
  }

  /// Bytes of the body.
  package var bodyByteCount: Int { body.count }

  /// The objects with their names, in the same order.
  ///
  /// Source: Formats/object.md §1–2.
  package static func named(_ objects: [UnnamedObject]) -> [SealedObject] {
    let bodyHashes = PlainHash.of(each: objects.map(\.body))
    let heads = zip(objects, bodyHashes).map { object, hash in
      ObjectPreamble.headMagic + object.preamble.bytes + hash.bytes + object.sealedDirectory
    }
    let ids = PlainHash.of(each: heads)
    return objects.indices.map { index in
      SealedObject(
        id: ObjectID(ids[index]),
        head: heads[index],
        body: objects[index].body,
        preamble: objects[index].preamble,
        chunkIDs: objects[index].chunkIDs,
        kind: objects[index].kind
      )
    }
  }

  /// The object with its name.
  package func named() -> SealedObject {
    UnnamedObject.named([self])[0]
  }
}
