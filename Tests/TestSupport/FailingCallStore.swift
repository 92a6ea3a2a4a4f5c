package import CoreTypes
import Files
package import Storage
import Synchronization

/// A store over another one whose n-th call fails, whatever it is: a read, a listing, a piece of a pack, a commit.
///
/// Where `FaultyStore` tries every change, this tries every call, and every way in which the system says no.
package final class FailingCallStore: OverlaidStore, CommitLocking {
  /// What the system says, or does.
  package enum Fault: Sendable, CaseIterable {
    case ioError, noSpace, quota, interrupted, tooManyFiles, notAllowed, readOnly
    /// A change fails with EIO after it was made.
    case unconfirmed
    /// Fewer bytes come than are there.
    case short

    fileprivate var number: Int32 {
      switch self {
      case .ioError, .unconfirmed, .short: 5
      case .noSpace: 28
      case .quota: 122
      case .interrupted: 4
      case .tooManyFiles: 24
      case .notAllowed: 13
      case .readOnly: 30
      }
    }
  }

  /// Whether one call fails, or it and all behind it.
  package enum Extent: Sendable, CaseIterable { case once, sticky }

  package let base: any BlobStore
  private let locked: any CommitLocking
  private let fault: Fault
  private let extent: Extent
  private let chosen: Int
  private let calls = Mutex(0)

  package init(over store: any CommitLocking, _ fault: Fault, _ extent: Extent, atCall call: Int) {
    base = store
    locked = store
    self.fault = fault
    self.extent = extent
    chosen = call
  }

  /// True once a call was made to fail.
  package var hasFailed: Bool { calls.withLock { $0 > chosen } }

  /// Makes a call, or what is to happen instead.
  fileprivate func call<Result>(
    _ name: String,
    changes: Changes,
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let number = calls.withLock { calls in
      defer { calls += 1 }
      return calls
    }
    guard number == chosen || (extent == .sticky && number > chosen) else { return try body() }
    if fault == .unconfirmed, changes == .something { _ = try body() }
    throw .failed(name: name, FilesError("call", Array(name.utf8), fault.number))
  }

  fileprivate enum Changes { case something, nothing }

  package func readConfiguration() throws(StorageError) -> [UInt8] {
    try call("kist", changes: .nothing) { () throws(StorageError) in
      try base.readConfiguration()
    }
  }

  package func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    try call("\(kind)", changes: .nothing) { () throws(StorageError) in try base.names(of: kind) }
  }

  package func byteCount(of name: BlobName) throws(StorageError) -> Int {
    try call("size", changes: .nothing) { () throws(StorageError) in
      try base.byteCount(of: name)
    }
  }

  package func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    try call("read", changes: .nothing) { () throws(StorageError) in try base.read(name) }
  }

  package func read(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(StorageError) -> [UInt8] {
    do {
      return try call("read", changes: .nothing) { () throws(StorageError) in
        try base.read(name, from: offset, count: count)
      }
    } catch {
      guard fault == .short, count > 0 else { throw error }
      throw .short(name, needed: count, found: count / 2)
    }
  }

  package func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    try call("put", changes: .something) { () throws(StorageError) in
      try base.put(bytes, as: name)
    }
  }

  package func confirm(_ names: [BlobName]) throws(StorageError) {
    try call("confirm", changes: .something) { () throws(StorageError) in try base.confirm(names) }
  }

  package func newBlob() throws(StorageError) -> any UnfinishedBlob {
    try call("tmp", changes: .nothing) { () throws(StorageError) in
      FailingCallBlob(over: try base.newBlob(), in: self)
    }
  }

  package func remove(_ name: BlobName) throws(StorageError) {
    try call("remove", changes: .something) { () throws(StorageError) in try base.remove(name) }
  }

  package func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) throws(StorageError) -> CommitAnswer {
    try call("commit", changes: .something) { () throws(StorageError) in
      try base.commit(record, as: digest, knowing: seen)
    }
  }

  package func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try call("lock", changes: .nothing) { () throws(StorageError) in
      try locked.withCommitLock(body)
    }
  }
}

private final class FailingCallBlob: UnfinishedBlob {
  private let blob: any UnfinishedBlob
  private let store: FailingCallStore

  init(over blob: any UnfinishedBlob, in store: FailingCallStore) {
    self.blob = blob
    self.store = store
  }

  func append(_ bytes: [UInt8]) throws(StorageError) {
    try store.call("append", changes: .something) { () throws(StorageError) in
      try blob.append(bytes)
    }
  }

  func keep(_ bytes: [UInt8]) throws(StorageError) {
    try store.call("keep", changes: .something) { () throws(StorageError) in try blob.keep(bytes) }
  }

  func appendKept() throws(StorageError) {
    try store.call("append", changes: .something) { () throws(StorageError) in
      try blob.appendKept()
    }
  }

  func flush() throws(StorageError) {
    try store.call("flush", changes: .something) { () throws(StorageError) in try blob.flush() }
  }

  func publish(as name: BlobName) throws(StorageError) {
    try store.call("publish", changes: .something) { () throws(StorageError) in
      try blob.publish(as: name)
    }
  }

  func abandon() { blob.abandon() }

  func leave() { blob.leave() }
}
