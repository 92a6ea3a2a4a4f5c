import Packing
import Repositories
import Sealing
import Storage
import Threading

/// Writes sealed objects into packs: one thread fills a pack while the others make full ones durable.
///
/// Two threads for a store that is near, more for one whose answers are long on their way.
final class PackPipeline: Sendable {
  private let session: WriteSession
  private let store: any BlobStore
  private let queue: BoundedQueue<SealedObject>
  private let filling = Monitor<Bool>(false)
  private let failure: FirstFailure<BackupError>
  private let progress: BackupProgress
  private let threads: [WorkerThread]

  /// Objects that wait to be written: about 16 MiB at most, in bodies of 1 MiB.
  private static let queuedObjectLimit = 16

  init(
    session: WriteSession,
    store: any BlobStore,
    plan: BackupPlan,
    progress: BackupProgress,
    failure: FirstFailure<BackupError>
  ) throws(BackupError) {
    self.session = session
    self.store = store
    self.progress = progress
    self.failure = failure
    let queue = BoundedQueue<SealedObject>(capacity: PackPipeline.queuedObjectLimit)
    self.queue = queue
    let work = PackWork(
      session: session,
      store: store,
      queue: queue,
      filling: Monitor(()),
      effect: plan.effect,
      limit: plan.uploadLimit.map { UploadLimit(bytesPerSecond: $0) },
      progress: progress,
      failure: failure
    )
    do {
      threads = try (0..<store.concurrency.publishers).map { _ in
        try WorkerThread.start { work.run() }
      }
    } catch {
      queue.close()
      throw .threads(errno: (error as? ThreadError)?.errno ?? 0)
    }
  }

  /// Hands an object over; waits while too many are on their way.
  func write(_ object: SealedObject) {
    _ = queue.push(object)
  }

  /// Waits until every object is durable and entered, or the run has failed.
  func finish() {
    queue.close()
    for thread in threads { thread.join() }
  }
}

/// What the threads of a pack pipeline share.
private struct PackWork: Sendable {
  let session: WriteSession
  let store: any BlobStore
  let queue: BoundedQueue<SealedObject>
  let filling: Monitor<Void>
  let effect: BackupEffect
  let limit: UploadLimit?
  let progress: BackupProgress
  let failure: FirstFailure<BackupError>

  func run() {
    if effect == .rehearsal { return count() }
    while true {
      do {
        // One thread at a time fills a pack: a small backup makes one pack, not two.
        guard let pack = try filling.withLock({ _ in try fill() }) else { return }
        let written = try pack.finish()
        try session.enter(written)
        progress.add { counters in
          counters.packsStored += 1
          counters.bytesStored += written.byteCount
          counters.objectsStored += written.objects.count
        }
      } catch let error as PackingError {
        fail(.packing(error))
        return
      } catch let error as RepositoryError {
        fail(.repository(error))
        return
      } catch {
        fail(BackupError(error))
        return
      }
    }
  }

  /// Counts what would be written.
  private func count() {
    while let object = queue.pop() {
      progress.add { counters in
        counters.objectsStored += 1
        counters.bytesStored += PackWriter.byteCount(of: object)
      }
    }
  }

  private func append(_ object: SealedObject, to pack: FilledPack) throws {
    limit?.wait(for: PackWriter.byteCount(of: object)) { failure.isSet }
    try pack.append(object)
  }

  /// Takes objects until a pack is full or no more come; `nil` when none came.
  private func fill() throws -> FilledPack? {
    guard let first = queue.pop() else { return nil }
    let pack = FilledPack(try PackWriter(in: store))
    try append(first, to: pack)
    while !pack.isFull, let object = queue.pop() {
      if failure.isSet { continue }
      try append(object, to: pack)
    }
    return pack
  }

  private func fail(_ error: BackupError) {
    failure.record(error)
    // Whoever waits to hand over an object must not wait for ever.
    queue.close()
    while queue.pop() != nil {}
  }
}

/// Carries a pack writer from the lock under which it was filled to the thread that finishes it.
private final class FilledPack {
  private var writer: PackWriter?

  init(_ writer: consuming PackWriter) { self.writer = consume writer }

  var isFull: Bool { writer?.isFull ?? true }

  func append(_ object: SealedObject) throws(PackingError) { try writer?.append(object) }

  func finish() throws -> WrittenPack {
    guard let writer = writer.take() else {
      throw RepositoryError.unexpected("a pack was finished twice")
    }
    return try writer.finish()
  }

  deinit {
    if let writer = writer.take() { writer.abandon() }
  }
}
