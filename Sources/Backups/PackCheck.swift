import CoreTypes
import Indexing
import Packing
import Repositories
import Sealing
import Storage
import Synchronization
import Threading

/// What cannot be read any more.
struct PackLosses: Sendable {
  /// Objects that are damaged.
  var lost: Set<ObjectID> = []
  /// Packs in which nothing says which objects they hold.
  var unlisted: Set<PackID> = []
  /// Objects that the store has and could not read.
  var unread: Set<ObjectID> = []
  /// Packs of which the store could not read which objects they hold.
  var unreadPacks: Set<PackID> = []

  /// All objects that are damaged or could not be read.
  var objects: Set<ObjectID> { lost.union(unread) }

  /// Adds the objects that were in packs without a list, as far as the index remembers.
  mutating func complete(by index: ObjectIndex) throws(IndexingError) {
    guard !unlisted.isEmpty || !unreadPacks.isEmpty else { return }
    var (more, moreUnread): (Set<ObjectID>, Set<ObjectID>) = ([], [])
    try index.forEachObject { location in
      if unlisted.contains(location.pack) { more.insert(location.place.id) }
      if unreadPacks.contains(location.pack) { moreUnread.insert(location.place.id) }
    }
    lost.formUnion(more)
    unread.formUnion(moreUnread)
  }

  /// Has the next backup store anew what is lost.
  ///
  /// A disk that is gone as a whole says nothing of what is on it.
  func mark(in index: ObjectIndex, of store: any BlobStore) throws(RepositoryError) {
    do throws(IndexingError) {
      try index.markDamaged(lost)
    } catch {
      throw .index(error)
    }
    guard !unread.isEmpty else { return }
    do throws(StorageError) {
      _ = try store.names(of: .pack)
    } catch {
      throw .storage(error)
    }
    do throws(IndexingError) {
      try index.markUnreadable(unread)
    } catch {
      throw .index(error)
    }
  }
}

/// Verifies every pack of a store on several threads, with keys or without.
struct PackCheck: Sendable {
  let store: any BlobStore
  let index: ObjectIndex
  /// `nil`: what hashes prove is verified, and nothing is opened.
  let keyring: Keyring?
  let reading: DataReading
  let workerCount: Int
  let progress: @Sendable (_ packs: Int, _ ofPacks: Int, _ bytes: Int) -> Void
  let interruption: @Sendable () -> Bool

  /// Findings that are kept; more are only counted.
  static let findingLimit = 10_000

  /// Enters what was found in the report; returns what cannot be read any more.
  ///
  /// A stop ends it early, and loses nothing that was found.
  func run(_ report: inout CheckReport) throws(BackupError) -> PackLosses {
    if reading != .everything { try lookAgain() }
    let packs: [PackID]
    let chosen: Set<PackID>?
    do {
      packs = try store.names(of: .pack).sorted().map { PackID($0) }
      chosen = try chosenPacks(of: packs)
    } catch {
      throw .repository(.storage(error))
    }
    let shared = Mutex(Results())
    let next = Atomic<Int>(0)
    let failure = FirstFailure<BackupError>()
    let stopped = Atomic<Bool>(false)
    let work: @Sendable () -> Void = {
      do throws(SealingError) {
        let verifier = try PackVerifier(store: store, keyring: keyring)
        while !failure.isSet {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < packs.count else { return }
          if interruption() { return stopped.store(true, ordering: .relaxed) }
          if let obstacle = store.obstacle {
            return failure.record(.repository(.storage(obstacle)))
          }
          let isRead = chosen?.contains(packs[index]) ?? true
          let result =
            isRead ? verifier.verify(packs[index]) : verifier.verifyHeads(packs[index])
          // Over a line a stop cuts off what was being read.
          if interruption(), result.findings.contains(where: \.isOfStorage) {
            return stopped.store(true, ordering: .relaxed)
          }
          for case .storage(let error) in result.findings where error.isMachineFault {
            // What this machine may not read is as it was.
            return failure.record(.repository(.storage(error)))
          }
          let (count, bytes) = shared.withLock { shared in
            shared.add(result, of: packs[index])
            if isRead { shared.readCount += 1 }
            return (shared.packCount, shared.byteCount)
          }
          progress(count, packs.count, bytes)
        }
      } catch {
        failure.record(.sealing(error))
      }
    }
    try runThreads(work)
    if let error = failure.value { throw error }
    let results = shared.withLock { $0 }
    report.packs = packs.count
    report.packsRead = results.readCount
    report.unreadablePacks = results.unreadablePacks
    report.isInterrupted = stopped.load(ordering: .relaxed)
    report.objects += results.objectCount
    report.bytesRead += results.byteCount
    report.findings += results.findings.map { .pack($0) }
    if results.moreFindings > 0 {
      report.findings.append(.morePackFindings(count: results.moreFindings))
    }
    return results.losses
  }

  /// Reads again what could not be read once: a check that reads less than that would name it for ever.
  private func lookAgain() throws(BackupError) {
    do throws(RepositoryError) {
      try UnreadableObjects(of: store, index: index).tryAgain()
    } catch {
      throw .repository(error)
    }
  }

  /// The packs of which everything is read; `nil` for all of them.
  private func chosenPacks(of packs: [PackID]) throws(StorageError) -> Set<PackID>? {
    switch reading {
    case .heads: []
    case .everything: nil
    case .some(let subset):
      try subset.chosen(of: packs) { pack throws(StorageError) in
        try store.byteCount(of: BlobName(.pack, pack.digest))
      }
    }
  }

  private func runThreads(_ body: @escaping @Sendable () -> Void) throws(BackupError) {
    var threads: [WorkerThread] = []
    for _ in 0..<workerCount {
      do {
        threads.append(try WorkerThread.start { body() })
      } catch {
        for thread in threads { thread.join() }
        throw .threads(errno: error.errno)
      }
    }
    for thread in threads { thread.join() }
  }

  private struct Results {
    var packCount = 0
    /// Packs of which everything was read.
    var readCount = 0
    var objectCount = 0
    var byteCount = 0
    var findings: [PackingError] = []
    var moreFindings = 0
    var losses = PackLosses()
    /// Packs of which something could not be read.
    var unreadablePacks: Set<PackID> = []

    mutating func add(_ report: PackReport, of pack: PackID) {
      packCount += 1
      objectCount += report.objectCount
      byteCount += report.byteCount
      let kept = report.findings.prefix(max(0, PackCheck.findingLimit - findings.count))
      findings += kept
      moreFindings += report.findings.count - kept.count
      losses.lost.formUnion(report.lost)
      if report.isUnlisted { losses.unlisted.insert(pack) }
      losses.unread.formUnion(report.unread)
      if report.isUnread { losses.unreadPacks.insert(pack) }
      if report.isUnread || !report.unread.isEmpty { unreadablePacks.insert(pack) }
    }
  }
}

extension PackingError {
  /// True if the store did not answer, whatever the reason.
  fileprivate var isOfStorage: Bool {
    if case .storage = self { return true }
    return false
  }
}
