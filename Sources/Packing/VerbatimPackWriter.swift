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

  private var assembly: PackAssembly

  /// Starts a pack in the store's place for unfinished files.
  package init(in store: any BlobStore) throws(PackingError) {
    assembly = try PackAssembly(in: store)
  }

  /// Bytes of the pack, were it finished now.
  package var byteCount: Int { assembly.byteCount }

  /// True when the pack has reached its size.
  package var isFull: Bool { assembly.isFull }

  /// Appends an object; the caller has proven that `body` has the hash that the head names.
  package mutating func append(
    _ head: ObjectHead,
    headBytes: [UInt8],
    body: [UInt8]
  ) throws(PackingError) {
    try assembly.append(head.id, head.preamble, head: headBytes, body: body)
  }

  /// Has the disk hold all that was appended; more may follow.
  package func flush() throws(PackingError) { try assembly.flush() }

  /// Writes heads and trailer and makes the pack durable under its name.
  ///
  /// At least one object must have been appended, and none twice.
  package consuming func finish() throws(PackingError) -> Written {
    let byteCount = assembly.byteCount
    let (id, places) = try assembly.finish()
    return Written(id: id, places: places, byteCount: byteCount)
  }

  /// Gives the pack up.
  package consuming func abandon() { assembly.abandon() }

  /// Gives the pack up after an append that failed, and lets it lie, so that its whole objects are salvaged.
  package consuming func leave() { assembly.leave() }
}
