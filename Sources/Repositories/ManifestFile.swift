package import CoreTypes
import Sodium
package import Storage

/// A manifest of a store, proven, and read part by part: a whole one may be 32 MiB.
package struct ManifestFile: Sendable {
  private let name: BlobName
  private let record: RecordID
  private let store: any BlobStore
  private let byteCount: Int
  /// All of it, where it is no more than one part.
  private let whole: [UInt8]?

  /// Bytes of ids that are read at once: 4 MiB.
  private static let partByteCount = 131_072 * Digest.byteCount

  /// Throws if the file does not hash to its name, or is no manifest.
  package init(
    _ manifest: Digest,
    of record: RecordID,
    in store: any BlobStore
  ) throws(RepositoryError) {
    name = BlobName(.manifest, manifest)
    self.record = record
    self.store = store
    do {
      byteCount = try store.byteCount(of: name)
    } catch {
      throw .storage(error)
    }
    guard byteCount <= BlobKind.manifest.byteLimit else {
      throw .damagedSnapshot(record, reason: "manifest \(manifest) has \(byteCount) bytes")
    }
    let isOnePart = byteCount <= Manifest.headerByteCount + ManifestFile.partByteCount
    whole = isOnePart ? try ManifestFile.read(name, 0..<byteCount, store) : nil
    try prove()
  }

  /// Calls `body` with every id, in ascending order.
  package func forEach(
    _ body: (ObjectID) throws(RepositoryError) -> Void
  ) throws(RepositoryError) {
    try forEachPart { (ids) throws(RepositoryError) in
      for id in ids { try body(id) }
    }
  }

  /// Calls `body` with every id, in ascending order, up to 131,072 at a time.
  ///
  /// A file that has changed since it was proven is an error behind the last of them.
  func forEachPart(
    _ body: ([ObjectID]) throws(RepositoryError) -> Void
  ) throws(RepositoryError) {
    var hash = Blake2bStream()
    try readParts { (bytes, start) throws(RepositoryError) in
      if whole == nil { hash.update(bytes.span) }
      try body(ManifestFile.ids(in: bytes[start...]))
    }
    if whole == nil { try check(hash.finish()) }
  }

  private func prove() throws(RepositoryError) {
    var hash = Blake2bStream()
    var isWellFormed = true
    var last: ObjectID?
    try readParts { (bytes, start) throws(RepositoryError) in
      hash.update(bytes.span)
      if start > 0 { isWellFormed = Manifest.isHeader(bytes[..<start], ofByteCount: byteCount) }
      guard isWellFormed else { return }
      for id in ManifestFile.ids(in: bytes[start...]) {
        if let last, last >= id { isWellFormed = false }
        last = id
      }
    }
    try check(hash.finish())
    guard isWellFormed else {
      throw .damagedSnapshot(record, reason: "manifest \(name.digest) is malformed")
    }
  }

  private func check(_ hash: Hash256) throws(RepositoryError) {
    guard Digest(hash.bytes) == name.digest else {
      throw .damagedSnapshot(record, reason: "manifest \(name.digest) is damaged")
    }
  }

  /// Calls `body` with the parts, and where in each the ids begin.
  private func readParts(
    _ body: (_ bytes: [UInt8], _ start: Int) throws(RepositoryError) -> Void
  ) throws(RepositoryError) {
    if let whole { return try body(whole, min(Manifest.headerByteCount, whole.count)) }
    var offset = 0
    while offset < byteCount {
      let start = offset == 0 ? Manifest.headerByteCount : 0
      let end = min(offset + start + ManifestFile.partByteCount, byteCount)
      try body(try ManifestFile.read(name, offset..<end, store), start)
      offset = end
    }
  }

  private static func ids(in bytes: ArraySlice<UInt8>) -> [ObjectID] {
    var ids: [ObjectID] = []
    ids.reserveCapacity(bytes.count / Digest.byteCount)
    var start = bytes.startIndex
    while bytes.endIndex - start >= Digest.byteCount {
      guard let digest = Digest(bytes[start..<start + Digest.byteCount]) else { break }
      ids.append(ObjectID(digest))
      start += Digest.byteCount
    }
    return ids
  }

  private static func read(
    _ name: BlobName,
    _ range: Range<Int>,
    _ store: any BlobStore
  ) throws(RepositoryError) -> [UInt8] {
    do {
      return try store.read(name, from: range.lowerBound, count: range.count)
    } catch {
      throw .storage(error)
    }
  }
}
