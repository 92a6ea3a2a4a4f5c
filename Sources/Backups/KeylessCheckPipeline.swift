import CoreTypes
import Indexing
import Packing
package import Repositories
import Sealing
import Storage

/// Proves a store as far as that is possible without keys.
///
/// Every file's hash, every record's signature, writer and order, every object's id, and that every object which the
/// log requires is there. Bodies as far as `reading` asks.
package struct KeylessCheckPipeline: Sendable {
  private let repository: KeylessRepository
  private let reading: DataReading
  private let workerCount: Int
  private let progress: @Sendable (_ packs: Int, _ ofPacks: Int, _ bytes: Int) -> Void
  private let interruption: @Sendable () -> Bool

  package init(
    repository: KeylessRepository,
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

  /// Checks everything, and marks in the index what is damaged, so that a mirror can bring it back.
  ///
  /// After a stop the report holds what was found until then, and that is marked.
  package func run() throws(BackupError) -> CheckReport {
    var report = CheckReport()
    do {
      // Before it is believed of anything that it is missing.
      try repository.index.file.prove()
    } catch {
      throw .repository(.index(error))
    }
    checkFiles(&report)
    report.findings += repository.log.findings.map { .log($0) }
    var packs = try PackCheck(
      store: repository.store,
      index: repository.index,
      keyring: nil,
      reading: reading,
      workerCount: workerCount,
      progress: progress,
      interruption: interruption
    ).run(&report)
    do {
      try packs.complete(by: repository.index)
    } catch {
      throw .repository(.index(error))
    }
    let lost = packs.objects
    let holding = repository.holding
    var missing: Set<ObjectID> = []
    if !report.isInterrupted {
      missing =
        CompletenessCheck(
          log: repository.log,
          store: repository.store,
          index: repository.index,
          holding: holding,
          told: reading == .everything ? .everything : .these(lost)
        ).run(&report)
    }
    report.snapshots = repository.log.snapshots.count { holding.holds($0.id) }
    report.leftOut = repository.log.snapshots.count - report.snapshots
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

  private func checkFiles(_ report: inout CheckReport) {
    let check = SmallFileCheck(store: repository.store) { name, bytes in
      switch name.kind {
      case .slot: _ = try KeySlot(decoding: bytes)
      case .manifest: _ = try Manifest.decode(bytes)
      case .keyringEntry, .pack, .record: break
      }
    }
    check.run(&report)
  }
}
