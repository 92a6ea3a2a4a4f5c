import CoreTypes
import Indexing
import Restoring
import Synchronization
import Threading
import Trees

/// A stretch of a file that is compared with what should be there.
struct ComparedStretch: Sendable {
  let file: RestoredFile
  /// Where each item begins; in order, without gaps.
  let items: [(offset: UInt64, reference: ChunkReference)]
}

/// What a worker is asked to do.
enum RestoreJob: Sendable {
  /// Open an object and write what is needed of it.
  case object(ObjectJob)
  /// Compare files that were there with what they should be.
  case compare([ComparedStretch])
  /// Read files back.
  case readBack([ReadBackStretch])
}

/// The work of a restore on its way to the workers: a window of content that is gathered, and a queue of jobs.
///
/// Safe to use from several threads; only the planner pushes, so no worker ever waits for room.
final class RestoreJobs: Sendable {
  private let queue: BoundedQueue<RestoreJob>
  private let unfinished = Monitor<Int>(0)
  private let window = Mutex(RestoreWindow())

  /// Jobs that wait for a worker.
  private static let queuedJobs = 64
  /// Jobs that may be unfinished when the next window begins.
  private static let jobsOfLastWindow = 32

  init() {
    queue = BoundedQueue(capacity: RestoreJobs.queuedJobs)
  }

  // MARK: For whoever gathers

  /// Keeps a piece for the window; its file waits for it.
  func add(_ piece: RestorePiece, of id: ObjectID, at location: ObjectLocation?) {
    piece.file.expectPiece()
    window.withLock { $0.add(piece, of: id, at: location) }
  }

  var isWindowFull: Bool { window.withLock { $0.isFull } }

  // MARK: For the planner

  /// Hands a job out; waits while the queue is full.
  func push(_ job: RestoreJob) {
    unfinished.update { $0 += 1 }
    if !queue.push(job) { done() }
  }

  /// Hands the window out, in the order of packs.
  ///
  /// A window is read while the next one is gathered, and not more than that.
  func flush() {
    pushWindow()
    unfinished.wait { $0 < RestoreJobs.jobsOfLastWindow }
  }

  /// Hands everything out, and waits until it is done and nothing came of it that is not done.
  func drain() {
    while true {
      unfinished.wait { $0 == 0 }
      guard pushWindow() else { return }
    }
  }

  @discardableResult
  private func pushWindow() -> Bool {
    let jobs = window.withLock { $0.take() }
    for job in jobs { push(.object(job)) }
    return !jobs.isEmpty
  }

  // MARK: For workers

  /// The next job, waiting for one; `nil` when there will be none.
  func pop() -> RestoreJob? { queue.pop() }

  /// Says that a job that was popped is done.
  func done() { unfinished.update { $0 -= 1 } }

  /// Takes no more jobs.
  func close() { queue.close() }
}
