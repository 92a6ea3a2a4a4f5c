package import CoreTypes
package import Sealing
package import Storage

/// A pack that was written: what the index and the catalog need to know of it.
package struct WrittenPack: Sendable {
  /// One object: its place, its kind, the chunks in it.
  package struct Object: Sendable {
    package let place: ObjectPlace
    package let kind: ChunkKind
    package let chunkIDs: [ChunkID]
  }

  package let id: PackID
  package let objects: [Object]
  package let byteCount: Int
}

/// Writes one pack: bodies as they come, heads and trailer at the end.
///
/// Source: Formats/pack.md.
package struct PackWriter: ~Copyable {
  /// Size at which writers end a pack: 32 MiB.
  package static let aimedByteCount = 32 << 20
  /// Objects at which writers end a pack.
  package static let aimedObjectCount = 65_536

  private var assembly: PackAssembly
  private var contents: [(kind: ChunkKind, chunkIDs: [ChunkID])] = []

  /// Starts a pack in the store's place for unfinished files.
  package init(in store: any BlobStore) throws(PackingError) {
    assembly = try PackAssembly(in: store)
  }

  /// Bytes of the pack, were it finished now.
  package var byteCount: Int { assembly.byteCount }

  /// True when the pack has reached its size.
  package var isFull: Bool { assembly.isFull }

  /// Appends one object.
  package mutating func append(_ object: borrowing SealedObject) throws(PackingError) {
    try assembly.append(object.id, object.preamble, head: object.head, body: object.body)
    contents.append((kind: object.kind, chunkIDs: object.chunkIDs))
  }

  /// Bytes by which an object lengthens a pack.
  package static func byteCount(of object: borrowing SealedObject) -> Int {
    PackAssembly.byteCount(head: object.head.count, body: object.body.count)
  }

  /// Writes heads and trailer and makes the pack durable under its name.
  ///
  /// At least one object must have been appended.
  package consuming func finish() throws(PackingError) -> WrittenPack {
    let (byteCount, contents) = (assembly.byteCount, contents)
    let (id, places) = try assembly.finish()
    return WrittenPack(
      id: id,
      objects: zip(places, contents).map {
        WrittenPack.Object(place: $0, kind: $1.kind, chunkIDs: $1.chunkIDs)
      },
      byteCount: byteCount
    )
  }

  /// Gives the pack up.
  package consuming func abandon() { assembly.abandon() }
}
