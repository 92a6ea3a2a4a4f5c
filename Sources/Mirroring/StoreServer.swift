import CoreTypes
import Files
import Packing
package import Repositories
import Sealing
package import Storage
import Synchronization
import Threading

/// What an end that has a store is and allows.
package struct StoreServing: Sendable {
  /// For people.
  package var program: String
  package var role = Role.full
  /// Bytes that the packs of this store may come to.
  package var quota: Int?
  /// How long what came here stays, whatever the other end asks; `nil` for not at all.
  package var hold: HoldTime?
  /// Makes the store where there is none; `nil` where that is not possible.
  package var creation:
    (
      @Sendable (_ configuration: [UInt8], _ blobs: [(BlobName, [UInt8])]) throws(StorageError) ->
        any BlobStore & CommitLocking
    )?
  /// Opens the repository of the store without keys: what proves records.
  package var opening:
    @Sendable (any BlobStore & CommitLocking) throws(MirrorError) -> KeylessRepository
  package var stallSeconds = WireLimits.stallSeconds
  package var keepAliveSeconds = WireLimits.keepAliveSeconds
  package var lockLeaseSeconds = WireLimits.lockLeaseSeconds

  package init(
    program: String,
    opening:
      @escaping @Sendable (any BlobStore & CommitLocking) throws(MirrorError) -> KeylessRepository
  ) {
    self.program = program
    self.opening = opening
  }
}

/// Lets the other end of a stream use a store, as far as the role goes.
///
/// The calling thread reads the stream and takes files as they come, each byte proven; four threads answer questions, one
/// watches the clock. Source: Formats/mirror-protocol.md §9.
package final class StoreServer: Sendable {
  /// The store, or why there is none.
  package typealias Opened = Result<any BlobStore & CommitLocking, StorageError>

  /// A question, with the file that it is about.
  struct Job: Sendable {
    let number: UInt32
    let operation: StoreOperation
    let operands: [UInt8]
    let intake: BlobIntake?
  }

  struct State {
    var isOver = false
    /// Questions that are being answered, the one that holds the lock apart.
    var busyCount = 0
    /// True from when the lock is asked for until it is free again.
    var isLockWanted = false
    var isLocked = false
    /// The question that lets the lock go.
    var unlockNumber: UInt32?
    /// When the last byte came, and when the last whole message did.
    var lastReceived = SystemClock.monotonicNanoseconds()
    var lastMessage = SystemClock.monotonicNanoseconds()
  }

  private let stream: any DuplexStream
  let serving: StoreServing
  let opened: Mutex<Opened>
  let state = Monitor(State())
  let proving = Mutex<KeylessRepository?>(nil)
  /// Bytes of packs; `nil` until it matters.
  let used = Mutex<Int?>(nil)
  private let interruption: @Sendable () -> Bool
  private let queue = BoundedQueue<Job>(capacity: WireLimits.openQuestionCount)
  private let output = Mutex(SystemClock.monotonicNanoseconds())

  private static let threadCount = 4
  private static let tickMilliseconds = 250

  package init(
    over stream: any DuplexStream,
    _ opened: Opened,
    _ serving: StoreServing,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.stream = stream
    self.opened = Mutex(opened)
    self.serving = serving
    self.interruption = interruption
  }

  /// Serves until the other end has gone.
  ///
  /// Files that were not published are dropped; the lock, if the other end holds it, is let go when nothing that it asked
  /// for is being done any more.
  package func run() throws(MirrorError) {
    var threads: [WorkerThread] = []
    defer {
      state.update { $0.isOver = true }
      queue.close()
      for thread in threads { thread.join() }
      stream.close()
    }
    do {
      for _ in 0..<StoreServer.threadCount {
        threads.append(try WorkerThread.start { [self] in answerAll() })
      }
      threads.append(try WorkerThread.start { [self] in watchClock() })
    } catch {
      throw .threads(errno: error.errno)
    }
    var blobs: [UInt32: BlobIntake] = [:]
    // What came whole is salvaged by the next session.
    defer { for blob in blobs.values { blob.leave() } }
    do throws(MirrorError) {
      try serve(&blobs)
    } catch {
      if let wire = error.wire {
        send(.error(code: wire.code, text: wire.text))
      }
      throw error
    }
  }

  // MARK: Reading

  private func serve(_ blobs: inout [UInt32: BlobIntake]) throws(MirrorError) {
    var parser = FrameParser()
    var isGreeted = false
    while true {
      let bytes = try stream.read()
      if state.withLock({ $0.isOver }) {
        throw interruption() ? .interrupted : .stalled(seconds: serving.stallSeconds)
      }
      guard !bytes.isEmpty else { return }
      state.withLock { $0.lastReceived = SystemClock.monotonicNanoseconds() }
      parser.append(bytes)
      while let frame = try parser.next() {
        state.withLock { $0.lastMessage = SystemClock.monotonicNanoseconds() }
        guard let message = try StoreMessage(frame) else { continue }
        guard isGreeted else {
          guard case .hello(let hello) = message else {
            throw .malformed("a message before the hello")
          }
          try greet(hello)
          isGreeted = true
          continue
        }
        try take(message, &blobs)
      }
    }
  }

  private func greet(_ hello: Hello) throws(MirrorError) {
    var own = Hello(
      program: serving.program,
      repository: nil,
      storeMark: [],
      offers: [Hello.Offer.store, Hello.Offer.heads],
      wishes: [],
      sets: []
    )
    own.selection = selectionName()
    send(WirePreamble.bytes + StoreMessage.hello(own).frame.bytes)
    guard hello.version == Hello.version else { throw .version(hello.version) }
    guard hello.wishes.contains(Hello.Wish.store) else { throw .denied("this end has a store") }
  }

  /// Tells that the store holds chosen snapshots only, so that nobody else need ask.
  private func selectionName() -> Digest? {
    do throws(StorageError) {
      guard let file = try store().readSelection() else { return nil }
      return PlainHash.of(Array(file.dropLast(Digest.byteCount)))
    } catch {
      // Ignored: whoever asks for anything is told.
      return nil
    }
  }

  private func take(
    _ message: StoreMessage,
    _ blobs: inout [UInt32: BlobIntake]
  ) throws(MirrorError) {
    switch message {
    case .hello: throw .malformed("a second hello")
    case .alive: break
    case .error(let code, let text): throw .peer(code: code, text: text)
    case .part, .answer, .refusal: throw .malformed("an answer to the end that has the store")
    case .data(let number, let kind, let bytes):
      let isKept = kind == StoreMessage.keptKind
      guard let kind = isKept ? .pack : BlobKind(wireNumber: kind) else {
        throw .malformed("an unknown kind")
      }
      let blob: BlobIntake
      if let known = blobs[number] {
        blob = known
      } else {
        blob = try newIntake(kind, count: blobs.count)
      }
      guard blob.kind == kind else { throw .malformed("a file of two kinds") }
      blobs[number] = blob
      if isKept { blob.keep(bytes) } else { blob.append(bytes) }
    case .ask(let number, let operation, let operands):
      guard let operation = StoreOperation(rawValue: operation) else {
        send(
          .refusal(number: number, StoreRefusal(StoreRefusal.Code.unknownOperation, "\(operation)"))
        )
        return
      }
      // Decided here, by the thread that reads: nothing that follows can come before it.
      if operation == .unlock { return unlock(number) }
      var intake: BlobIntake?
      switch operation {
      case .publish, .commit, .abandon:
        var reader = ByteReader(operands)
        do {
          intake = blobs.removeValue(forKey: try reader.readUInt32())
        } catch {
          throw .malformed("a question about a file")
        }
        guard intake != nil else { throw .malformed("a file that was not sent") }
      case .open, .names, .size, .read, .tail, .remove, .lock, .unlock, .create, .strangers,
        .selection:
        break
      }
      let job = Job(number: number, operation: operation, operands: operands, intake: intake)
      if !queue.push(job) { intake?.leave() }
    }
  }

  private func newIntake(_ kind: BlobKind, count: Int) throws(MirrorError) -> BlobIntake {
    guard count < WireLimits.openBlobCount else { throw .malformed("too many files at once") }
    let refusal = self.refusal(toBring: kind)
    return BlobIntake(kind, refusal: refusal) { [self] () throws(StoreRefusal) in
      do throws(StorageError) {
        return try store().newBlob()
      } catch {
        throw StoreRefusal(error)
      }
    } reserve: { [self] count throws(StoreRefusal) in
      try reserve(count)
    }
  }

  // MARK: Answering

  private func answerAll() {
    while let job = queue.pop() {
      let holdsLock = job.operation == .lock
      let isOver = state.update { state in
        if !state.isOver, !holdsLock { state.busyCount += 1 }
        return state.isOver
      }
      guard !isOver else {
        job.intake?.leave()
        continue
      }
      do throws(StoreRefusal) {
        let last = try answer(job)
        if let last { send(.answer(number: job.number, bytes: last)) }
      } catch {
        job.intake?.abandon()
        send(.refusal(number: job.number, error))
      }
      if !holdsLock { state.update { $0.busyCount -= 1 } }
    }
  }

  /// The store; throws why there is none.
  func store() throws(StorageError) -> any BlobStore & CommitLocking {
    try opened.withLock { $0 }.get()
  }

  /// Sends bytes of an answer.
  func sendPart(_ number: UInt32, _ bytes: [UInt8]) {
    send(.part(number: number, bytes: bytes))
  }

  func send(_ message: StoreMessage) { send(message.frame.bytes) }

  private func send(_ bytes: [UInt8]) {
    do throws(MirrorError) {
      try output.withLock { (last) throws(MirrorError) in
        try stream.write(bytes)
        last = SystemClock.monotonicNanoseconds()
      }
    } catch {
      // Ignored: whoever has gone cannot be told; the thread that reads finds the end.
    }
  }

  // MARK: Lock

  /// Holds the commit lock until the other end lets it go, is silent for too long, or has gone.
  func holdLock(_ number: UInt32) throws(StoreRefusal) {
    let isFirst = state.update { state in
      defer { state.isLockWanted = true }
      return !state.isLockWanted
    }
    guard isFirst else {
      throw StoreRefusal(StoreRefusal.Code.malformed, "the lock is held already")
    }
    var unlockNumber: UInt32?
    defer {
      state.update { state in
        state.isLockWanted = false
        state.isLocked = false
        state.unlockNumber = nil
      }
      if let unlockNumber { send(.answer(number: unlockNumber, bytes: [])) }
    }
    do throws(StorageError) {
      unlockNumber = try store().withCommitLock { () throws(StorageError) in
        state.update { $0.isLocked = true }
        send(.answer(number: number, bytes: []))
        while !state.wait(
          upToMilliseconds: StoreServer.tickMilliseconds,
          until: { $0.isOver || $0.unlockNumber != nil }
        ) {
          let lease = UInt64(serving.lockLeaseSeconds) * 1_000_000_000
          let last = state.withLock { $0.lastReceived }
          let now = SystemClock.monotonicNanoseconds()
          if now > last, now - last > lease { endSession() }
        }
        // What the other end asked for while it held the lock must not be done without it.
        state.wait { $0.busyCount == 0 }
        return state.withLock { $0.unlockNumber }
      }
    } catch {
      throw StoreRefusal(error)
    }
  }

  private func unlock(_ number: UInt32) {
    let isHeld = state.update { state in
      guard state.isLocked, state.unlockNumber == nil else { return false }
      state.unlockNumber = number
      return true
    }
    if !isHeld {
      send(.refusal(number: number, StoreRefusal(StoreRefusal.Code.malformed, "no lock is held")))
    }
  }

  // MARK: Clock

  private func endSession() {
    state.update { $0.isOver = true }
    stream.close()
  }

  private func watchClock() {
    while !state.wait(upToMilliseconds: StoreServer.tickMilliseconds, until: { $0.isOver }) {
      if interruption() { return endSession() }
      let now = SystemClock.monotonicNanoseconds()
      let last = state.withLock { $0.lastMessage }
      if now > last, now - last > UInt64(serving.stallSeconds) * 1_000_000_000 {
        return endSession()
      }
      if let sent = output.withLockIfAvailable({ $0 }), now > sent,
        now - sent > UInt64(serving.keepAliveSeconds) * 1_000_000_000
      {
        send(.alive)
      }
    }
  }
}
