import Chunking
import CoreTypes
import Files
import Repositories
import Scanning
import Synchronization
import Threading
import Trees

/// What all threads of one backup share.
final class BackupContext: Sendable {
  let plan: BackupPlan
  /// The snapshot that this one is compared with.
  let base: ParentSnapshot?
  let repository: OpenRepository
  let session: WriteSession
  let cache: ScanCache
  /// Number of this backup in the scan cache.
  let cacheSession: UInt64
  /// Sessions whose rows need no further proof; empty when the store has known damage.
  let liveSessions: Set<UInt64>
  let chunker: Chunker
  let progress: BackupProgress
  let failure: FirstFailure<BackupError>
  let links = HardLinkTable()
  let owners = OwnerNames()
  /// What its threads ask the source for.
  let calls = PendingCalls()
  /// Wall clock at the start.
  var started: PointInTime { plan.time }
  private let queue: BoundedQueue<FileWork>
  private let storedLinkNodes = Mutex<[ChunkID]>([])
  /// Work that is queued or running, and one for the walker.
  private let outstanding = Atomic<Int>(1)

  init(
    plan: BackupPlan,
    base: ParentSnapshot?,
    repository: OpenRepository,
    session: WriteSession,
    cache: ScanCache,
    cacheSession: UInt64,
    liveSessions: Set<UInt64>,
    chunker: Chunker,
    progress: BackupProgress,
    failure: FirstFailure<BackupError>
  ) {
    self.plan = plan
    self.base = base
    self.repository = repository
    self.session = session
    self.cache = cache
    self.cacheSession = cacheSession
    self.liveSessions = liveSessions
    self.chunker = chunker
    self.progress = progress
    self.failure = failure
    queue = BoundedQueue(capacity: ReadingSizes.queuedWork)
  }

  /// Notes a name, which is in the snapshot now, of a file that has several.
  func noteLink(_ status: FileStatus, _ folder: FolderAssembly, _ name: [UInt8]) {
    guard status.linkCount > 1 else { return }
    let place = folder.placeInSnapshot(of: name)
    links.note(
      HardLinkTable.Key(device: status.device.number, inode: status.inode),
      LinkMember(root: UInt32(place.root), path: place.path)
    )
  }

  /// Nodes that hold the table of hard links.
  var linkNodes: [ChunkID] { storedLinkNodes.withLock { $0 } }

  func setLinkNodes(_ nodes: [ChunkID]) { storedLinkNodes.withLock { $0 = nodes } }

  /// Queues a batch; waits while too many are queued.
  func push(_ batch: [FileTask]) {
    outstanding.wrappingAdd(1, ordering: .acquiringAndReleasing)
    _ = queue.push(.batch(batch))
  }

  /// Queues a part of a stream; waits while too much is queued.
  func push(_ piece: StreamPiece) {
    outstanding.wrappingAdd(1, ordering: .acquiringAndReleasing)
    _ = queue.push(.piece(piece))
  }

  /// Queues the next block of a large file before everything else; never waits.
  func push(_ file: LargeFile) {
    outstanding.wrappingAdd(1, ordering: .acquiringAndReleasing)
    _ = queue.pushFront(.block(file))
  }

  /// The next piece of work; `nil` when there will be none.
  func next() -> FileWork? { queue.pop() }

  /// Says that a piece of work, or the walk, is done.
  ///
  /// The last one ends the work.
  func finished() {
    if outstanding.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      queue.close()
    }
  }

  /// Ends the work early.
  func fail(_ error: BackupError) {
    failure.record(error)
    queue.close()
  }
}
