import CoreTypes
import Indexing
import Packing
package import Repositories
import Sealing
import Storage
import Synchronization
import Threading
import Trees

/// Proves a store: every file's hash, every record's signature, every tree, and, if asked, every byte of every pack.
package struct CheckPipeline: Sendable {
  private let repository: OpenRepository
  private let readsData: Bool
  private let workerCount: Int
  private let progress: @Sendable (_ packs: Int, _ ofPacks: Int, _ bytes: Int) -> Void
  private let interruption: @Sendable () -> Bool

  /// Findings that are kept; more are only counted by the summary's lists being cut.
  private static let findingLimit = 10_000

  package init(
    repository: OpenRepository,
    readsData: Bool,
    workerCount: Int,
    progress: @escaping @Sendable (Int, Int, Int) -> Void,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.repository = repository
    self.readsData = readsData
    self.workerCount = workerCount
    self.progress = progress
    self.interruption = interruption
  }

  /// Checks everything, and marks in the index what is damaged, so that the next backup stores it anew.
  package func run() throws(BackupError) -> CheckReport {
    var report = CheckReport()
    checkFiles(&report)
    report.findings += repository.log.findings.map { .log($0) }
    let lost = try checkPacks(&report)
    let missing = checkCompleteness(&report)
    try checkSnapshots(&report, lost: lost)
    do {
      let unsound = try objects(ofPacksIn: report.findings)
      if readsData { try repository.index.clearDamage() }
      try repository.index.markDamaged(lost.union(missing).union(unsound))
    } catch {
      throw .repository(.index(error))
    }
    return report
  }

  /// Objects of packs that cannot be read without this machine's index: they are to be stored anew too.
  private func objects(ofPacksIn findings: [CheckFinding]) throws(IndexingError) -> Set<ObjectID> {
    var packs: Set<PackID> = []
    for finding in findings {
      switch finding {
      case .pack(.damagedTrailer(let pack, _)), .pack(.wrongLength(let pack, _, _)):
        packs.insert(pack)
      case .pack, .stranger, .damagedFile, .log, .missingObject, .snapshot, .unrestorable, .storage:
        break
      }
    }
    guard !packs.isEmpty else { return [] }
    var objects: Set<ObjectID> = []
    try repository.index.forEachObject { location in
      if packs.contains(location.pack) { objects.insert(location.place.id) }
    }
    return objects
  }

  // MARK: Small files

  private func checkFiles(_ report: inout CheckReport) {
    do {
      report.findings += try repository.store.strangers().map { .stranger($0) }
      for kind in [BlobKind.slot, .keyringEntry, .manifest] {
        for digest in try repository.store.names(of: kind).sorted() {
          let name = BlobName(kind, digest)
          if let reason = damage(of: name) {
            report.findings.append(.damagedFile(name, reason: reason))
          }
        }
      }
    } catch {
      report.findings.append(.storage(error))
    }
  }

  private func damage(of name: BlobName) -> String? {
    do {
      let bytes = try repository.store.read(name)
      guard PlainHash.of(bytes) == name.digest else {
        return "its content does not hash to its name"
      }
      switch name.kind {
      case .slot: _ = try KeySlot(decoding: bytes)
      case .keyringEntry:
        _ = try KeyringSealer(
          repository: repository.configuration.repositoryID,
          keyringKey: repository.bundle.keyringKey
        ).open(bytes)
      case .manifest, .pack, .record: break
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  // MARK: Packs

  private func checkPacks(_ report: inout CheckReport) throws(BackupError) -> Set<ObjectID> {
    let packs: [PackID]
    do {
      packs = try repository.store.names(of: .pack).sorted().map { PackID($0) }
    } catch {
      throw .repository(.storage(error))
    }
    let shared = Mutex(PackResults())
    let next = Atomic<Int>(0)
    let failure = FirstFailure<BackupError>()
    let run: @Sendable () -> Void = { [repository, readsData, progress, interruption] in
      do throws(SealingError) {
        let verifier = try PackVerifier(store: repository.store, keyring: repository.keyring)
        while !failure.isSet {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < packs.count else { return }
          if interruption() { return failure.record(.interrupted) }
          let result =
            readsData ? verifier.verify(packs[index]) : verifier.verifyHeads(packs[index])
          let (count, bytes) = shared.withLock { shared in
            shared.add(result)
            return (shared.packCount, shared.byteCount)
          }
          progress(count, packs.count, bytes)
        }
      } catch {
        failure.record(.sealing(error))
      }
    }
    try runThreads(run)
    if let error = failure.value { throw error }
    let results = shared.withLock { $0 }
    report.packs = packs.count
    report.objects += results.objectCount
    report.bytesRead += results.byteCount
    report.findings += results.findings.prefix(CheckPipeline.findingLimit).map { .pack($0) }
    return results.lost
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

  private struct PackResults {
    var packCount = 0
    var objectCount = 0
    var byteCount = 0
    var findings: [PackingError] = []
    var lost: Set<ObjectID> = []

    mutating func add(_ report: PackReport) {
      packCount += 1
      objectCount += report.objectCount
      byteCount += report.byteCount
      findings += report.findings
      lost.formUnion(report.lost)
    }
  }

  // MARK: What records promise

  private func checkCompleteness(_ report: inout CheckReport) -> Set<ObjectID> {
    let log = repository.log
    let condemned = log.condemnedObjects
    var missing: Set<ObjectID> = []
    for record in log.records.values {
      do {
        for object in try RecordLog.adds(of: record, in: repository.store)
        where !condemned.contains(object) {
          if try repository.index.location(of: object) == nil, missing.insert(object).inserted {
            report.findings.append(.missingObject(object, record: record.id))
          }
        }
      } catch {
        report.findings.append(.snapshot(record.id, error))
      }
    }
    return missing
  }

  // MARK: Snapshots

  private func checkSnapshots(
    _ report: inout CheckReport,
    lost: Set<ObjectID>
  )
    throws(BackupError)
  {
    let source: ChunkSource
    do {
      source = try ChunkSource(repository: repository)
    } catch {
      throw .repository(error)
    }
    var walk = SnapshotCheck(repository: repository, source: source, lost: lost)
    for record in repository.log.snapshots {
      if interruption() { throw .interrupted }
      report.snapshots += 1
      do {
        let snapshot = try repository.snapshot(record)
        walk.check(snapshot, of: record.id)
      } catch {
        report.findings.append(.snapshot(record.id, error))
      }
    }
    report.nodes = walk.nodeCount
    report.files = walk.fileCount
    report.findings += walk.findings
  }
}
