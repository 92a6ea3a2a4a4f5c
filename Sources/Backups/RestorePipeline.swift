import Indexing
import CoreTypes
import Files
import Packing
package import Repositories
import Restoring
import Sealing
import Synchronization
import Threading
import Trees

/// Runs one restore: a planner walks the tree and makes folders; workers open objects and write files.
///
/// Source: Docs/ARCHITECTURE.md.
package struct RestorePipeline: Sendable {
  private let repository: OpenRepository
  private let plan: RestorePlan
  private let progress: RestoreProgress
  private let interruption: @Sendable () -> Bool

  /// Objects whose jobs wait for a worker.
  private static let queuedJobs = 64

  package init(
    repository: OpenRepository,
    plan: RestorePlan,
    progress: RestoreProgress,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.repository = repository
    self.plan = plan
    self.progress = progress
    self.interruption = interruption
  }

  /// Restores, and returns when every file was written and closed.
  package func run() throws(BackupError) {
    let failure = FirstFailure<BackupError>()
    let queue = BoundedQueue<RestoreJob>(capacity: RestorePipeline.queuedJobs)
    let finisher = RestoreFinisher(plan: plan, progress: progress)
    let pending = PendingJobs()
    var threads: [WorkerThread] = []
    do {
      for _ in 0..<plan.workerCount {
        threads.append(
          try WorkerThread.start {
            [repository, progress, interruption] in
            RestoreWorker.run(
              repository: repository,
              queue: queue,
              pending: pending,
              finisher: finisher,
              progress: progress,
              failure: failure,
              interruption: interruption
            )
          }
        )
      }
    } catch {
      failure.record(.threads(errno: 0))
    }
    do {
      if !failure.isSet {
        try RestorePlanner(
          repository: repository,
          plan: plan,
          queue: queue,
          pending: pending,
          finisher: finisher,
          progress: progress,
          failure: failure,
          interruption: interruption
        ).run()
      }
    } catch {
      failure.record(error)
    }
    queue.close()
    for thread in threads { thread.join() }
    if let error = failure.value { throw error }
    finisher.finishLinks()
  }
}

/// Jobs that were queued and are not done: the planner waits for them before its next window.
final class PendingJobs: Sendable {
  private let count = Monitor<Int>(0)

  func add() { count.update { $0 += 1 } }
  func done() { count.update { $0 -= 1 } }
  func waitUntilBelow(_ limit: Int) { count.wait { $0 < limit } }
}

/// What a restore worker runs.
private enum RestoreWorker {
  static func run(
    repository: OpenRepository,
    queue: BoundedQueue<RestoreJob>,
    pending: PendingJobs,
    finisher: RestoreFinisher,
    progress: RestoreProgress,
    failure: FirstFailure<BackupError>,
    interruption: () -> Bool
  ) {
    do {
      let source = try ChunkSource(repository: repository)
      while let job = queue.pop() {
        if interruption() { failure.record(.interrupted) }
        if !failure.isSet {
          write(
            job,
            source: source,
            finisher: finisher,
            progress: progress,
            failure: failure
          )
        }
        pending.done()
      }
    } catch {
      failure.record(.repository(error))
      while queue.pop() != nil { pending.done() }
    }
  }

  private static func write(
    _ job: RestoreJob,
    source: ChunkSource,
    finisher: RestoreFinisher,
    progress: RestoreProgress,
    failure: FirstFailure<BackupError>
  ) {
    let opened: Result<OpenedObject, PackingError> = Result { () throws(PackingError) in
      try source.openUncached(job.location)
    }
    for piece in job.pieces {
      do {
        let object: OpenedObject
        let range: Range<Int>
        do throws(PackingError) {
          object = try opened.get()
          range = try object.range(
            at: piece.position,
            id: piece.reference.id,
            kind: .data,
            pack: job.location.pack
          )
          try writePiece(
            piece,
            range: range,
            object: object,
            progress: progress,
            failure: failure
          )
        } catch {
          try fallBack(piece, error, source: source, progress: progress)
        }
      } catch {
        finisher.failed(piece.file, error)
      }
      finisher.finishPiece(of: piece.file)
    }
  }

  /// Another object of the store may hold the same chunk.
  private static func fallBack(
    _ piece: RestorePiece,
    _ failure: PackingError,
    source: ChunkSource,
    progress: RestoreProgress
  ) throws {
    let bytes = try source.bytes(of: piece.reference.id, kind: .data)
    guard bytes.count == Int(piece.reference.length) else { throw failure }
    try PieceWriter.write(bytes.span, piece, progress: progress)
  }

  private static func writePiece(
    _ piece: RestorePiece,
    range: Range<Int>,
    object: OpenedObject,
    progress: RestoreProgress,
    failure: FirstFailure<BackupError>
  ) throws(PackingError) {
    guard range.count == Int(piece.reference.length) else {
      throw .sealed(object.id, pack: PackID(object.id.digest), .wrongContent(piece.reference.id))
    }
    do {
      try PieceWriter.write(
        object.body.plaintext.span.extracting(range),
        piece,
        progress: progress
      )
    } catch {
      // The file system refused: noted with the file; reading the chunk elsewhere would not help.
      piece.file.fail()
      // On a full disk every further file would fail: better to stop and say so once.
      if error.isNoSpace { return failure.record(.target(path: piece.file.path, error)) }
      progress.note(
        RestoreFinding(
          path: piece.file.path,
          reason: .notRestored(operation: error.operationName, errno: error.errno)
        )
      )
    }
  }
}
