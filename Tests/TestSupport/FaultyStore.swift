package import CoreTypes
import Files
package import Storage
import Synchronization

/// A store over another one that fails at a chosen step, so that every place at which a run can be cut short is tried.
///
/// Steps are the calls that change something: a piece appended to a file, a file made durable, a removal, a commit.
package final class FaultyStore: OverlaidStore {
  /// What happens at the chosen step.
  package enum Fault: Equatable, Sendable {
    /// The step fails as on a full disk; later ones succeed.
    case noSpace
    /// The step fails with EIO, before it or after it has done its work; later ones succeed.
    case unconfirmedBefore
    case unconfirmedAfter
    /// The process dies before the step: it and everything after it fails.
    case crashBefore
    /// The process dies after the step: it is in the store, but the caller never hears of it.
    case crashAfter
  }

  package let base: any BlobStore
  private let fault: Fault
  private let chosenStep: Int
  private let state = Mutex(State())

  private struct State {
    var steps = 0
    var isDead = false
  }

  /// Fails at the step of this number, counted from 0.
  package init(over store: any BlobStore, _ fault: Fault, atStep step: Int) {
    base = store
    self.fault = fault
    chosenStep = step
  }

  /// Steps that were asked for so far.
  package var stepCount: Int { state.withLock { $0.steps } }

  package func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    try refuseDead("names")
    return try base.names(of: kind)
  }

  package func byteCount(of name: BlobName) throws(StorageError) -> Int {
    try refuseDead(name.description)
    return try base.byteCount(of: name)
  }

  package func arrival(of name: BlobName) throws(StorageError) -> PointInTime? {
    try refuseDead(name.description)
    return try base.arrival(of: name)
  }

  package func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    try refuseDead(name.description)
    return try base.read(name)
  }

  package func read(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(StorageError) -> [UInt8] {
    try refuseDead(name.description)
    return try base.read(name, from: offset, count: count)
  }

  package func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    try step(name.description) { () throws(StorageError) in try base.put(bytes, as: name) }
  }

  package func confirm(_ names: [BlobName]) throws(StorageError) {
    try step("confirm") { () throws(StorageError) in try base.confirm(names) }
  }

  package func newBlob() throws(StorageError) -> any UnfinishedBlob {
    try refuseDead("tmp")
    return FaultyBlob(over: try base.newBlob(), in: self)
  }

  package func remove(_ name: BlobName) throws(StorageError) {
    try step(name.description) { () throws(StorageError) in try base.remove(name) }
  }

  package func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) throws(StorageError) -> CommitAnswer {
    try step("commit") { () throws(StorageError) in
      try base.commit(record, as: digest, knowing: seen)
    }
  }

  package func readSelection() throws(StorageError) -> [UInt8]? {
    try refuseDead("selection")
    return try base.readSelection()
  }

  package func writeSelection(_ bytes: [UInt8]?) throws(StorageError) {
    try step("selection") { () throws(StorageError) in try base.writeSelection(bytes) }
  }

  package func orphans() throws(StorageError) -> [any OrphanedBlob] {
    try refuseDead("tmp")
    return try base.orphans()
  }

  package func strangers() throws(StorageError) -> [String] {
    try refuseDead("strangers")
    return try base.strangers()
  }

  /// Runs one step, or what is to happen instead.
  fileprivate func step<Result>(
    _ name: String,
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let (isChosen, isDead) = state.withLock { state in
      defer { state.steps += 1 }
      let isChosen = state.steps == chosenStep
      let wasDead = state.isDead
      if isChosen, fault == .crashBefore || fault == .crashAfter { state.isDead = true }
      return (isChosen, wasDead || (isChosen && fault == .crashBefore))
    }
    if isDead { throw dead(name) }
    guard isChosen else { return try body() }
    switch fault {
    case .noSpace: throw failed("write", name, FaultyStore.noSpaceNumber)
    case .unconfirmedBefore: throw failed("write", name, FaultyStore.ioErrorNumber)
    case .unconfirmedAfter:
      _ = try body()
      throw failed("fsync", name, FaultyStore.ioErrorNumber)
    case .crashBefore, .crashAfter:
      _ = try body()
      throw dead(name)
    }
  }

  private func refuseDead(_ name: String) throws(StorageError) {
    if state.withLock({ $0.isDead }) { throw dead(name) }
  }

  private func dead(_ name: String) -> StorageError {
    failed("crash", name, FaultyStore.ioErrorNumber)
  }

  private func failed(_ operation: String, _ name: String, _ number: Int32) -> StorageError {
    .failed(name: name, FilesError(operation, Array(name.utf8), number))
  }

  /// ENOSPC and EIO of Linux.
  private static let noSpaceNumber: Int32 = 28
  private static let ioErrorNumber: Int32 = 5
}

private final class FaultyBlob: UnfinishedBlob {
  private let blob: any UnfinishedBlob
  private let store: FaultyStore

  init(over blob: any UnfinishedBlob, in store: FaultyStore) {
    self.blob = blob
    self.store = store
  }

  func append(_ bytes: [UInt8]) throws(StorageError) {
    try store.step("tmp") { () throws(StorageError) in try blob.append(bytes) }
  }

  func keep(_ bytes: [UInt8]) throws(StorageError) { try blob.keep(bytes) }

  func appendKept() throws(StorageError) {
    try store.step("tmp") { () throws(StorageError) in try blob.appendKept() }
  }

  func publish(as name: BlobName) throws(StorageError) {
    try store.step(name.description) { () throws(StorageError) in try blob.publish(as: name) }
  }

  func abandon() { blob.abandon() }
}
