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

  private let blob: any UnfinishedBlob
  private var objects: [SealedSummary] = []
  private var heads: [UInt8] = []
  /// Bytes of the pack, were it finished now.
  package private(set) var byteCount: Int

  private struct SealedSummary {
    let id: ObjectID
    let headByteCount: Int
    let bodyByteCount: Int
    let kind: ChunkKind
    let chunkIDs: [ChunkID]
  }

  /// Starts a pack in the store's place for unfinished files.
  package init(in store: any BlobStore) throws(PackingError) {
    let blob: any UnfinishedBlob
    do {
      blob = try store.newBlob()
      try blob.append(PackTrailer.header)
    } catch {
      throw .storage(error)
    }
    self.blob = blob
    byteCount = PackTrailer.header.count + PackTrailer.fixedByteCount
  }

  /// True when the pack has reached its size.
  package var isFull: Bool {
    byteCount >= PackWriter.aimedByteCount || objects.count >= PackWriter.aimedObjectCount
  }

  /// Appends one object.
  package mutating func append(_ object: borrowing SealedObject) throws(PackingError) {
    do {
      try blob.append(object.preamble.stub)
      try blob.append(object.body)
    } catch {
      throw .storage(error)
    }
    heads += object.head
    objects.append(
      SealedSummary(
        id: object.id,
        headByteCount: object.head.count,
        bodyByteCount: object.body.count,
        kind: object.kind,
        chunkIDs: object.chunkIDs
      )
    )
    byteCount += PackWriter.byteCount(of: object)
  }

  /// Bytes by which an object lengthens a pack.
  package static func byteCount(of object: borrowing SealedObject) -> Int {
    ObjectPreamble.stubByteCount + object.body.count + object.head.count
      + PackTrailer.lineByteCount
  }

  /// Writes heads and trailer and makes the pack durable under its name.
  ///
  /// At least one object must have been appended.
  package consuming func finish() throws(PackingError) -> WrittenPack {
    precondition(!objects.isEmpty)
    let trailer = PackTrailer.encode(
      objects.map { (id: $0.id, head: $0.headByteCount, body: $0.bodyByteCount) }
    )
    let id = PackID(PlainHash.of(trailer))
    do {
      try blob.append(heads)
      try blob.append(trailer)
      try blob.publish(as: BlobName(.pack, id.digest))
    } catch {
      blob.abandon()
      throw .storage(error)
    }
    let places = try PackTrailer(decoding: trailer, pack: id).places
    return WrittenPack(
      id: id,
      objects: zip(places, objects).map {
        WrittenPack.Object(place: $0, kind: $1.kind, chunkIDs: $1.chunkIDs)
      },
      byteCount: byteCount
    )
  }

  /// Gives the pack up.
  package consuming func abandon() {
    blob.abandon()
  }
}
