import CoreTypes
import Sealing
import Storage

/// A pack that is being written: bodies as they come, heads and trailer at the end.
///
/// Each head is kept beside the file as soon as its body is in it: of a pack that is never finished, every whole object can
/// be told without a key. Source: Formats/pack.md, store.md §1.
struct PackAssembly: ~Copyable {
  private let blob: any UnfinishedBlob
  private var lines: [(id: ObjectID, head: Int, body: Int)] = []
  /// Bytes of the pack, were it finished now.
  private(set) var byteCount: Int

  /// Starts a pack in the store's place for unfinished files.
  init(in store: any BlobStore) throws(PackingError) {
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
  var isFull: Bool {
    byteCount >= PackWriter.aimedByteCount || lines.count >= PackWriter.aimedObjectCount
  }

  var isEmpty: Bool { lines.isEmpty }

  /// Appends an object.
  mutating func append(
    _ id: ObjectID,
    _ preamble: ObjectPreamble,
    head: [UInt8],
    body: [UInt8]
  ) throws(PackingError) {
    do {
      try blob.append(preamble.stub)
      try blob.append(body)
      try blob.keep(head)
    } catch {
      throw .storage(error)
    }
    lines.append((id: id, head: head.count, body: body.count))
    byteCount += PackAssembly.byteCount(head: head.count, body: body.count)
  }

  /// Bytes by which an object lengthens a pack.
  static func byteCount(head: Int, body: Int) -> Int {
    ObjectPreamble.stubByteCount + body + head + PackTrailer.lineByteCount
  }

  /// Has the disk hold all that was appended; more may follow.
  func flush() throws(PackingError) {
    do {
      try blob.flush()
    } catch {
      throw .storage(error)
    }
  }

  /// Writes heads and trailer and makes the pack durable under its name.
  ///
  /// At least one object must have been appended, and none twice.
  consuming func finish() throws(PackingError) -> (id: PackID, places: [ObjectPlace]) {
    precondition(!lines.isEmpty)
    let trailer = PackTrailer.encode(lines)
    let id = PackID(PlainHash.of(trailer))
    do {
      try blob.appendKept()
      try blob.append(trailer)
      try blob.publish(as: BlobName(.pack, id.digest))
    } catch {
      blob.abandon()
      throw .storage(error)
    }
    return (id: id, places: try PackTrailer(decoding: trailer, pack: id).places)
  }

  /// Gives the pack up.
  consuming func abandon() { blob.abandon() }

  /// Gives the pack up and lets it lie, so that its whole objects are salvaged.
  ///
  /// All that can be done after an append that failed: part of an object may stand behind the last whole one.
  consuming func leave() { blob.leave() }
}
