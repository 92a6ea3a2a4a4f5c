import Sealing
import CoreTypes
import Files
package import Repositories
import Restoring
import Threading
import Trees

/// Runs one restore: a planner walks the tree and makes folders; workers open objects, compare and write files.
///
/// Source: Docs/ARCHITECTURE.md.
package struct RestorePipeline: Sendable {
  private let context: RestoreContext

  package init(
    repository: OpenRepository,
    plan: RestorePlan,
    progress: RestoreProgress,
    interruption: @escaping @Sendable () -> Bool
  ) {
    context = RestoreContext(
      repository: repository,
      plan: plan,
      progress: progress,
      interruption: interruption
    )
  }

  /// Restores, and returns when every file was written and closed, and read back if that was asked.
  package func run() throws(BackupError) {
    let failure = context.failure
    var threads: [WorkerThread] = []
    do {
      for _ in 0..<context.plan.workerCount {
        threads.append(try WorkerThread.start { [context] in RestoreWorker.run(context) })
      }
    } catch {
      failure.record(.threads(errno: error.errno))
    }
    do {
      if !failure.isSet { try plan() }
    } catch {
      failure.record(error)
    }
    context.jobs.close()
    for thread in threads { thread.join() }
    _ = context.finisher.stopsAtObstacle()
    if let error = failure.value { throw error }
  }

  // MARK: The planner's thread

  private func plan() throws(BackupError) {
    let source: ChunkSource
    do {
      source = try ChunkSource(repository: context.repository)
    } catch {
      throw .repository(error)
    }
    let reader = TreeReader { id throws(RepositoryError) in
      try source.bytes(of: id, kind: .tree)
    }
    let starts = try RestoreStarts.find(for: context.plan, reader: reader)
    context.progress.expect(context.plan.filter == nil ? total(of: starts) : nil)
    try RoomSurvey.run(for: starts, context: context, reader: reader)
    let target = try openTarget(starts, reader)
    var planner = RestorePlanner(context: context, source: source, reader: reader, target: target)
    var ordinal: UInt64 = 0
    for start in starts {
      try planner.restore(start, ordinal: &ordinal)
      if context.failure.isSet { return }
    }
    guard let target else { return }
    context.finisher.release(target)
    guard !context.isDryRun else { return }
    if !context.failure.isSet { try readBack(starts, target, reader) }
  }

  private func total(of starts: [RestoreStart]) -> TreeTotals {
    starts.reduce(.zero) { $0.adding($1.entry.totals) }
  }

  private func readBack(
    _ starts: [RestoreStart],
    _ target: RestoredFolder,
    _ reader: TreeReader<RepositoryError>
  ) throws(BackupError) {
    guard let finished = context.finisher.finishedFiles else { return }
    do {
      // Only what is on the disk can be read from it.
      try target.handle.syncFileSystem()
    } catch {
      throw .target(path: context.plan.target, error)
    }
    var planner = ReadBackPlanner(
      context: context,
      reader: reader,
      target: target.handle,
      finished: finished
    )
    var ordinal: UInt64 = 0
    for start in starts { try planner.readBack(start, ordinal: &ordinal) }
    context.jobs.drain()
  }

  // MARK: The target

  /// The folder that is filled; `nil` if it is not there and nothing is to be written.
  private func openTarget(
    _ starts: [RestoreStart],
    _ reader: TreeReader<RepositoryError>
  ) throws(BackupError) -> RestoredFolder? {
    let path = context.plan.target
    do {
      let handle =
        context.isDryRun
        ? try DirectoryHandle.open(path: path) : try DirectoryHandle.makePath(path, mode: 0o700)
      // With one folder to restore, the target becomes that folder; else it stays as it is.
      let own = starts.first { starts.count == 1 && $0.place == .target }?.entry
      return RestoredFolder(
        handle: handle,
        parent: nil,
        entry: own ?? TreeEntry(name: TreeEntry.rootName, kind: .directory),
        attributes: try own.map { try reader.attributes(of: $0) } ?? [],
        origin: own == nil ? .above : .present,
        isTouched: false
      )
    } catch let error as FilesError {
      if context.isDryRun, error.isNotFound { return nil }
      throw error.isNotADirectory
        ? .targetNotAFolder(path: path) : .target(path: path, error)
    } catch let error as TreeReadError<RepositoryError> {
      throw error.backupError
    } catch {
      throw BackupError(error)
    }
  }
}
