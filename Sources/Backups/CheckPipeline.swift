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
  private let reading: DataReading
  private let workerCount: Int
  private let progress: @Sendable (_ packs: Int, _ ofPacks: Int, _ bytes: Int) -> Void
  private let interruption: @Sendable () -> Bool

  package init(
    repository: OpenRepository,
    reading: DataReading,
    workerCount: Int,
    progress: @escaping @Sendable (Int, Int, Int) -> Void,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.repository = repository
    self.reading = reading
    self.workerCount = workerCount
    self.progress = progress
    self.interruption = interruption
  }

  /// Checks everything, and marks in the index what is damaged, so that the next backup stores it anew.
  ///
  /// After a stop the report holds what was found until then, and that is marked.
  package func run() throws(BackupError) -> CheckReport {
    var report = CheckReport()
    do {
      try repository.proveCaches()
    } catch {
      throw .repository(.index(error))
    }
    checkFiles(&report)
    report.findings += repository.log.findings.map { .log($0) }
    var packs = try checkPacks(&report)
    do {
      try packs.complete(by: repository.index)
    } catch {
      throw .repository(.index(error))
    }
    let lost = packs.objects
    WriteOrigin.enter(in: &report.findings, repository)
    var missing: Set<ObjectID> = []
    if !report.isInterrupted {
      missing = checkCompleteness(&report, told: lost)
      try checkSnapshots(&report, lost: try lost.union(knownDamage()))
    }
    if report.isInterrupted {
      report.leaveOutUnread()
    } else if let obstacle = repository.store.obstacle ?? report.machineFault {
      // What could not be asked for is not damaged.
      throw .repository(.storage(obstacle))
    }
    do {
      // After less, an old mark may still be true.
      if case .everything = reading, !report.isInterrupted { try repository.index.clearDamage() }
      try packs.mark(in: repository.index, of: repository.store)
      try repository.index.markMissing(missing)
    } catch let error as IndexingError {
      throw .repository(.index(error))
    } catch {
      throw .repository(RepositoryError(error))
    }
    return report
  }

  // MARK: Small files

  private func checkFiles(_ report: inout CheckReport) {
    let sealer = KeyringSealer(
      repository: repository.configuration.repositoryID,
      keyringKey: repository.bundle.keyringKey
    )
    let check = SmallFileCheck(store: repository.store) { name, bytes in
      switch name.kind {
      case .slot: _ = try KeySlot(decoding: bytes)
      case .keyringEntry: _ = try sealer.open(bytes)
      case .manifest: _ = try Manifest.decode(bytes)
      case .pack, .record: break
      }
    }
    check.run(&report)
  }

  // MARK: Packs

  private func checkPacks(_ report: inout CheckReport) throws(BackupError) -> PackLosses {
    try PackCheck(
      store: repository.store,
      index: repository.index,
      keyring: repository.keyring,
      reading: reading,
      workerCount: workerCount,
      progress: progress,
      interruption: interruption
    ).run(&report)
  }

  // MARK: What records promise

  private func checkCompleteness(
    _ report: inout CheckReport,
    told: Set<ObjectID>
  ) -> Set<ObjectID> {
    CompletenessCheck(
      log: repository.log,
      store: repository.store,
      index: repository.index,
      holding: repository.holding,
      told: reading == .everything ? .everything : .these(told)
    ).run(&report)
  }

  // MARK: Snapshots

  /// What was found damaged before, where not everything is read now: what it takes away is named with it.
  private func knownDamage() throws(BackupError) -> [ObjectID] {
    guard reading != .everything else { return [] }
    do {
      return try repository.index.damagedObjects()
    } catch {
      throw .repository(.index(error))
    }
  }

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
      if interruption() {
        report.isInterrupted = true
        break
      }
      guard repository.holding.holds(record.id) else {
        report.leftOut += 1
        continue
      }
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
