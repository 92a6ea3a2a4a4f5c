package import CoreTypes

/// What came of an attempt to commit.
package enum CommitAnswer: Equatable, Sendable {
  /// The record is durable.
  case done
  /// Nothing was written: the store holds record files that the caller had not seen.
  case newer([Digest])
}

/// One physical copy of a repository: immutable files named by hash, and one conditional commit.
///
/// Everything that is put is durable when the call returns. Source: Formats/store.md.
package protocol BlobStore: AnyObject, Sendable {
  /// The random name of this copy.
  var id: StoreID { get }

  /// Where it is, for people.
  var location: String { get }

  /// The configuration file's bytes.
  func readConfiguration() throws(StorageError) -> [UInt8]

  /// Names of all files of one kind, in no order.
  func names(of kind: BlobKind) throws(StorageError) -> [Digest]

  /// Bytes of a file.
  func byteCount(of name: BlobName) throws(StorageError) -> Int

  /// A whole file, up to its kind's limit.
  func read(_ name: BlobName) throws(StorageError) -> [UInt8]

  /// Exactly `count` bytes from `offset`.
  func read(_ name: BlobName, from offset: Int, count: Int) throws(StorageError) -> [UInt8]

  /// Writes a whole file durably; one of the same name and size that is there already is kept.
  func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError)

  /// Has the disk hold names that others gave: they may have died, or failed, before it did.
  ///
  /// A store that is far away does nothing.
  func confirm(_ names: [BlobName]) throws(StorageError)

  /// Starts a file whose name is not known yet.
  func newBlob() throws(StorageError) -> any UnfinishedBlob

  /// Removes a file. Only collection and `key remove` call this.
  func remove(_ name: BlobName) throws(StorageError)

  /// When a file got its name here, by the clock of its file system; `nil` where nobody knows.
  ///
  /// No program sets it: of a folder, the time of the last change of the inode.
  func arrival(of name: BlobName) throws(StorageError) -> PointInTime?

  /// Writes a record file if the caller has seen all record files of the store.
  func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  )
    throws(StorageError) -> CommitAnswer

  /// Unfinished files whose writer is gone.
  func orphans() throws(StorageError) -> [any OrphanedBlob]

  /// Files that do not belong in a store, by path.
  func strangers() throws(StorageError) -> [String]

  /// What the file `selection` holds; `nil` if the store holds everything that its log requires.
  func readSelection() throws(StorageError) -> [UInt8]?

  /// Says what the store holds by choice; with `nil`, that it holds everything. Called under the commit lock.
  func writeSelection(_ bytes: [UInt8]?) throws(StorageError)

  /// How many calls at once serve the caller best.
  var concurrency: StoreConcurrency { get }

  /// Why reads failed that say nothing about the data: the line is gone, or the role does not allow them.
  var obstacle: StorageError? { get }

  /// Says which files are going to be read next, one after the other; of packs, sizes and ends.
  ///
  /// A hint: a store that is far away asks for them ahead.
  func prepareReading(_ names: [BlobName])
}

/// How many calls at once use a store well.
package struct StoreConcurrency: Equatable, Sendable {
  /// Threads that read.
  package var readers: Int
  /// Packs that are being filled or made durable.
  package var publishers: Int

  package init(readers: Int, publishers: Int) {
    self.readers = readers
    self.publishers = publishers
  }

  /// A store whose answers come at once: as many readers as there is work for, two packs.
  package static let near = StoreConcurrency(readers: 1, publishers: 2)
  /// A store whose answers are long on their way.
  package static let far = StoreConcurrency(readers: 12, publishers: 4)
}

extension BlobStore {
  package func arrival(of name: BlobName) throws(StorageError) -> PointInTime? { nil }

  package func readSelection() throws(StorageError) -> [UInt8]? { nil }

  package func writeSelection(_ bytes: [UInt8]?) throws(StorageError) {
    guard bytes != nil else { return }
    throw .denied(location: location, what: "to choose what it holds")
  }

  package var concurrency: StoreConcurrency { .near }

  package var obstacle: StorageError? { nil }

  package func confirm(_ names: [BlobName]) throws(StorageError) {}

  package func prepareReading(_ names: [BlobName]) {}
}

/// A file that is being written and has no name yet.
///
/// Not shared between threads.
package protocol UnfinishedBlob: AnyObject, Sendable {
  /// Appends bytes.
  func append(_ bytes: [UInt8]) throws(StorageError)

  /// Keeps bytes that belong behind all that is still to be appended: heads of objects.
  ///
  /// Until `appendKept`, they stand beside the file, so that whoever finds it unfinished has them.
  func keep(_ bytes: [UInt8]) throws(StorageError)

  /// Appends what was kept, in its order; nothing more is kept then.
  func appendKept() throws(StorageError)

  /// Has the disk hold all that was appended and kept, so that even a power cut leaves it.
  func flush() throws(StorageError)

  /// Makes the file durable under its name; nothing may follow.
  func publish(as name: BlobName) throws(StorageError)

  /// Gives the file up; nothing of it stays.
  func abandon()

  /// Gives the file up and lets it lie as if its process had died, so that it is salvaged.
  func leave()
}

extension UnfinishedBlob {
  package func flush() throws(StorageError) {}

  package func leave() { abandon() }
}

/// An unfinished file that its process left behind.
package protocol OrphanedBlob: AnyObject, Sendable {
  /// Where it is, for people.
  var location: String { get }

  /// Its bytes, as far as they were written.
  func read() throws(StorageError) -> [UInt8]

  /// What was kept to be appended to it later.
  func readKept() throws(StorageError) -> [UInt8]

  /// Removes it.
  func remove() throws(StorageError)
}

/// A store whose commit lock can be held while something else is decided and done.
///
/// Receiving a mirror's records and sweeping are such decisions. Source: Formats/store.md §3.
package protocol CommitLocking: BlobStore {
  /// Runs `body` while no one else commits, receives records or sweeps.
  ///
  /// `body` must not call `commit`: it would wait for itself.
  func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result
}
