package import CoreTypes
package import Storage

/// A store of a test that lies over another one and hands on every call that it does not answer itself.
package protocol OverlaidStore: BlobStore {
  /// What lies below.
  var base: any BlobStore { get }
}

extension OverlaidStore {
  package var id: StoreID { base.id }
  package var location: String { base.location }
  package var concurrency: StoreConcurrency { base.concurrency }
  package var obstacle: StorageError? { base.obstacle }

  package func readConfiguration() throws(StorageError) -> [UInt8] {
    try base.readConfiguration()
  }

  package func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    try base.names(of: kind)
  }

  package func byteCount(of name: BlobName) throws(StorageError) -> Int {
    try base.byteCount(of: name)
  }

  package func read(_ name: BlobName) throws(StorageError) -> [UInt8] { try base.read(name) }

  package func read(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(StorageError) -> [UInt8] {
    try base.read(name, from: offset, count: count)
  }

  package func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    try base.put(bytes, as: name)
  }

  package func confirm(_ names: [BlobName]) throws(StorageError) { try base.confirm(names) }

  package func newBlob() throws(StorageError) -> any UnfinishedBlob { try base.newBlob() }

  package func remove(_ name: BlobName) throws(StorageError) { try base.remove(name) }

  package func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) throws(StorageError) -> CommitAnswer {
    try base.commit(record, as: digest, knowing: seen)
  }

  package func orphans() throws(StorageError) -> [any OrphanedBlob] { try base.orphans() }

  package func strangers() throws(StorageError) -> [String] { try base.strangers() }

  package func readSelection() throws(StorageError) -> [UInt8]? { try base.readSelection() }

  package func writeSelection(_ bytes: [UInt8]?) throws(StorageError) {
    try base.writeSelection(bytes)
  }

  package func prepareReading(_ names: [BlobName]) { base.prepareReading(names) }
}

/// A store that fails at a chosen step, over one whose commit lock it lends.
package final class LockingFaultyStore: OverlaidStore, CommitLocking {
  package let base: any BlobStore
  private let locked: any CommitLocking

  package init(over store: any CommitLocking, _ fault: FaultyStore.Fault, atStep step: Int) {
    locked = store
    base = FaultyStore(over: store, fault, atStep: step)
  }

  package func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try locked.withCommitLock(body)
  }
}
