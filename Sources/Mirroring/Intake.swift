import CoreTypes
import Files
import Packing
import Repositories
import Sealing
import Synchronization
import Threading

/// Proves objects as they come and writes them into packs, on two threads.
///
/// What does not hash to its name is dropped and named. While one thread makes a pack durable, the other fills the next.
final class Intake: Sendable {
  /// An object as it came.
  struct Arrival: Sendable {
    let id: ObjectID
    let head: [UInt8]
    let body: [UInt8]

    var byteCount: Int { head.count + body.count }
  }

  /// What is noted of objects that were stored.
  enum Notes: Sendable {
    case number
    /// 32 bytes of memory an object.
    case names
  }

  private struct Results {
    var names: [ObjectID] = []
    var count = 0
    var refused: [ObjectID] = []
    var byteCount = 0
    var failure: MirrorError?
  }

  private let repository: KeylessRepository
  private let notes: Notes
  private let queue: BoundedQueue<Arrival>
  private let filling: Monitor<OpenPack>
  private let results = Mutex(Results())
  private let threads = Mutex<[WorkerThread]>([])
  private let consumed: @Sendable (Int) -> Void

  /// Objects that wait; their bytes are bounded by the credit that was granted.
  private static let queuedObjectLimit = 4096
  private static let threadCount = 2
  /// Objects whose bodies are hashed at once, if so many wait: that costs far less than one by one.
  private static let batchCount = 8

  /// `consumed` is called with the bytes of each object that is dealt with.
  init(
    repository: KeylessRepository,
    notes: Notes,
    consumed: @escaping @Sendable (Int) -> Void
  ) throws(MirrorError) {
    self.repository = repository
    self.notes = notes
    self.consumed = consumed
    queue = BoundedQueue(capacity: Intake.queuedObjectLimit)
    filling = Monitor(OpenPack())
    do {
      for _ in 0..<Intake.threadCount {
        let thread = try WorkerThread.start { [self] in run() }
        threads.withLock { $0.append(thread) }
      }
    } catch {
      queue.close()
      throw .threads(errno: error.errno)
    }
  }

  /// Hands an object over.
  func take(_ arrival: Arrival) { _ = queue.push(arrival) }

  /// Waits until every whole object that came is durable and in the index.
  ///
  /// Done also when a run fails: what is whole is kept.
  func finish() {
    queue.close()
    for thread in threads.withLock({ list in
      defer { list = [] }
      return list
    }) {
      thread.join()
    }
    do throws(MirrorError) {
      if let pack = filling.withLock({ $0.writer.take() }) { try publish(pack) }
    } catch {
      fail(error)
    }
  }

  /// The first error of the store, if there was one.
  var failure: MirrorError? { results.withLock { $0.failure } }

  /// Objects that did not hash to their names.
  var refused: [ObjectID] { results.withLock { $0.refused } }

  /// Objects that are durable, their names if these are noted, and their bytes.
  var stored: (count: Int, names: [ObjectID], byteCount: Int) {
    results.withLock { ($0.count, $0.names, $0.byteCount) }
  }

  // MARK: Threads

  private func run() {
    while true {
      let arrivals = queue.pop(upTo: Intake.batchCount)
      guard !arrivals.isEmpty else { return }
      defer { consumed(arrivals.reduce(0) { $0 + $1.byteCount }) }
      guard failure == nil else { continue }
      let hashes = PlainHash.of(each: arrivals.map(\.body))
      for (arrival, hash) in zip(arrivals, hashes) { keep(arrival, bodyHash: hash) }
    }
  }

  private func keep(_ arrival: Arrival, bodyHash: Digest) {
    guard let head = Intake.proven(arrival, bodyHash: bodyHash) else {
      results.withLock { $0.refused.append(arrival.id) }
      return
    }
    do throws(MirrorError) {
      let full = try filling.withLock { (open) throws(MirrorError) in
        try open.append(head, arrival, repository: repository)
      }
      if let full { try publish(full) }
    } catch {
      fail(error)
    }
  }

  /// True if an object is the one of this id.
  static func isProven(_ object: SpareObject, as id: ObjectID) -> Bool {
    let arrival = Arrival(id: id, head: object.head, body: object.body)
    return proven(arrival, bodyHash: PlainHash.of(object.body)) != nil
  }

  /// The head, if id, lengths and body's hash are as they must be.
  private static func proven(_ arrival: Arrival, bodyHash: Digest) -> ObjectHead? {
    do {
      let head = try ObjectHead(decoding: arrival.head)
      guard head.id == arrival.id, head.preamble.bodyByteCount == arrival.body.count,
        bodyHash == head.bodyHash
      else { return nil }
      return head
    } catch {
      // Whatever is wrong with it, it is not the object that was asked for.
      return nil
    }
  }

  private func publish(_ pack: FullPack) throws(MirrorError) {
    do {
      guard let written = try pack.finish() else { return }
      try repository.enter(written)
      results.withLock { results in
        results.count += written.places.count
        if notes == .names { results.names += written.places.map(\.id) }
        results.byteCount += written.byteCount
      }
      // Many small objects leave many small pieces behind.
      ProcessEnvironment.returnFreeMemory()
    } catch {
      throw MirrorError(error)
    }
  }

  private func fail(_ error: MirrorError) {
    results.withLock { if $0.failure == nil { $0.failure = error } }
  }
}

/// The pack that is being filled.
private struct OpenPack {
  var writer: FullPack?
  private var rhythm = FlushRhythm()

  /// Appends an object; returns the pack if that filled it.
  mutating func append(
    _ head: ObjectHead,
    _ arrival: Intake.Arrival,
    repository: KeylessRepository
  ) throws(MirrorError) -> FullPack? {
    do {
      let pack: FullPack
      if let writer {
        pack = writer
      } else {
        pack = FullPack(try VerbatimPackWriter(in: repository.store))
        writer = pack
      }
      try pack.append(head, arrival)
      if rhythm.isDue() { try pack.flush() }
      guard pack.isFull else { return nil }
      return writer.take()
    } catch {
      // Part of the object may stand in the file: a pack that went on behind it would not be what its trailer says.
      writer.take()?.leave()
      throw .packing(error)
    }
  }
}

/// Carries a pack writer from the lock under which it was filled to the thread that finishes it.
private final class FullPack: @unchecked Sendable {
  // Unchecked: touched under the lock of the pack that is being filled, then by the one thread that took it out.
  private var writer: VerbatimPackWriter?

  init(_ writer: consuming VerbatimPackWriter) { self.writer = consume writer }

  var isFull: Bool { writer?.isFull ?? true }

  func append(_ head: ObjectHead, _ arrival: Intake.Arrival) throws(PackingError) {
    try writer?.append(head, headBytes: arrival.head, body: arrival.body)
  }

  func flush() throws(PackingError) { try writer?.flush() }

  func finish() throws(PackingError) -> VerbatimPackWriter.Written? {
    guard let writer = writer.take() else { return nil }
    return try writer.finish()
  }

  func leave() {
    if let writer = writer.take() { writer.leave() }
  }

  deinit {
    if let writer = writer.take() { writer.abandon() }
  }
}
