package import CoreTypes
package import Sealing
package import Storage

/// Writes objects that were sealed elsewhere into a pack, head and body as they are; needs no key.
///
/// Source: Formats/pack.md.
package struct VerbatimPackWriter: ~Copyable {
  /// A pack that was written, and where its objects stand.
  package struct Written: Sendable {
    package let id: PackID
    package let places: [ObjectPlace]
    package let byteCount: Int
  }

  private let blob: any UnfinishedBlob
  private var lines: [(id: ObjectID, head: Int, body: Int)] = []
  private var heads: [UInt8] = []
  /// Bytes of the pack, were it finished now.
  package private(set) var byteCount: Int

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
    byteCount >= PackWriter.aimedByteCount || lines.count >= PackWriter.aimedObjectCount
  }

  /// Appends an object; the caller has proven that `body` has the hash that the head names.
  package mutating func append(
    _ head: ObjectHead,
    headBytes: [UInt8],
    body: [UInt8]
  ) throws(PackingError) {
    do {
      try blob.append(head.preamble.stub)
      try blob.append(body)
    } catch {
      throw .storage(error)
    }
    heads += headBytes
    lines.append((id: head.id, head: headBytes.count, body: body.count))
    byteCount +=
      ObjectPreamble.stubByteCount + body.count + headBytes.count + PackTrailer.lineByteCount
  }

  /// Writes heads and trailer and makes the pack durable under its name.
  ///
  /// At least one object must have been appended, and none twice.
  package consuming func finish() throws(PackingError) -> Written {
    precondition(!lines.isEmpty)
    let trailer = PackTrailer.encode(lines)
    let id = PackID(PlainHash.of(trailer))
    do {
      try blob.append(heads)
      try blob.append(trailer)
      try blob.publish(as: BlobName(.pack, id.digest))
    } catch {
      blob.abandon()
      throw .storage(error)
    }
    return Written(
      id: id,
      places: try PackTrailer(decoding: trailer, pack: id).places,
      byteCount: byteCount
    )
  }

  /// Gives the pack up.
  package consuming func abandon() {
    blob.abandon()
  }
}
