package import CoreTypes
package import Storage
import Synchronization

/// A store in memory, for tests that need no folder.
package final class MemoryStore: BlobStore, CommitLocking {
  package let id: StoreID
  package let location = "memory"
  private let configuration: [UInt8]
  private let blobs: Mutex<[BlobName: [UInt8]]>
  private let commitLock = Mutex(())
  private let selection = Mutex<[UInt8]?>(nil)

  package init(id: StoreID, configuration: [UInt8]) {
    self.id = id
    self.configuration = configuration
    blobs = Mutex([:])
  }

  package func readConfiguration() throws(StorageError) -> [UInt8] { configuration }

  package func readSelection() throws(StorageError) -> [UInt8]? { selection.withLock { $0 } }

  package func writeSelection(_ bytes: [UInt8]?) throws(StorageError) {
    selection.withLock { $0 = bytes }
  }

  package func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    blobs.withLock { $0.keys.filter { $0.kind == kind }.map(\.digest) }
  }

  package func byteCount(of name: BlobName) throws(StorageError) -> Int {
    try read(name).count
  }

  package func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    guard let bytes = blobs.withLock({ $0[name] }) else { throw .missing(name) }
    return bytes
  }

  package func read(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(StorageError)
    -> [UInt8]
  {
    let bytes = try read(name)
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw .short(name, needed: count, found: max(0, bytes.count - max(0, offset)))
    }
    return Array(bytes[offset..<offset + count])
  }

  package func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    let there = blobs.withLock { blobs in
      let there = blobs[name]
      if there == nil { blobs[name] = bytes }
      return there
    }
    guard there.map({ $0.count == bytes.count }) ?? true else { throw .conflict(name) }
  }

  /// As a store in a folder does it: a pack takes the place of one that differs.
  fileprivate func publish(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    guard name.kind == .pack else { return try put(bytes, as: name) }
    blobs.withLock { $0[name] = bytes }
  }

  package func newBlob() throws(StorageError) -> any UnfinishedBlob { MemoryBlob(store: self) }

  package func remove(_ name: BlobName) throws(StorageError) {
    guard blobs.withLock({ $0.removeValue(forKey: name) }) != nil else { throw .missing(name) }
  }

  package func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  )
    throws(StorageError) -> CommitAnswer
  {
    try commitLock.withLock { (_) throws(StorageError) in
      guard try readSelection() == nil else { throw .selecting(location: location) }
      return commitLocked(record, as: digest, knowing: seen)
    }
  }

  package func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try commitLock.withLock { (_) throws(StorageError) in try body() }
  }

  private func commitLocked(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) -> CommitAnswer {
    blobs.withLock { blobs in
      let newer = blobs.keys.filter { $0.kind == .record && !seen.contains($0.digest) }
      guard newer.isEmpty else { return .newer(newer.map(\.digest)) }
      blobs[BlobName(.record, digest)] = record
      return .done
    }
  }

  package func orphans() throws(StorageError) -> [any OrphanedBlob] { [] }

  package func strangers() throws(StorageError) -> [String] { [] }
}

private final class MemoryBlob: UnfinishedBlob {
  private let store: MemoryStore
  private let bytes = Mutex<[UInt8]>([])
  private let kept = Mutex<[UInt8]>([])

  init(store: MemoryStore) { self.store = store }

  func append(_ more: [UInt8]) throws(StorageError) {
    bytes.withLock { $0.append(contentsOf: more) }
  }

  func keep(_ more: [UInt8]) throws(StorageError) { kept.withLock { $0 += more } }

  func appendKept() throws(StorageError) {
    try append(
      kept.withLock { kept in
        defer { kept = [] }
        return kept
      }
    )
  }

  func publish(as name: BlobName) throws(StorageError) {
    try store.publish(bytes.withLock { $0 }, as: name)
  }

  func abandon() {}
}
