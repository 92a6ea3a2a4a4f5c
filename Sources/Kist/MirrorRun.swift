import Synchronization
import Threading

/// What happens in a run.
public enum MirrorEvent: Sendable {
  /// How far it is: a few times a second, only the newest.
  case progress(MirrorFigures)
  /// A snapshot is in a store that lacked it, with everything that it needs, and on the disk: its id.
  ///
  /// Of a run over a stream, those that came to this end.
  case snapshotArrived(String)
  /// The run is over; nothing follows.
  case finished(MirrorReport)
}

/// How far a run is: objects and their bytes.
public struct MirrorFigures: Equatable, Sendable {
  /// Objects that are known to be wanted.
  public internal(set) var objectsToReceive: UInt64 = 0
  /// Bytes of those.
  public internal(set) var bytesToReceive: UInt64 = 0
  /// Objects that have come.
  public internal(set) var objectsReceived: UInt64 = 0
  /// Bytes of those.
  public internal(set) var bytesReceived: UInt64 = 0
  /// Objects that the other end is known to want.
  public internal(set) var objectsToSend: UInt64 = 0
  /// Bytes of those.
  public internal(set) var bytesToSend: UInt64 = 0
  /// Objects that have gone to it.
  public internal(set) var objectsSent: UInt64 = 0
  /// Bytes of those.
  public internal(set) var bytesSent: UInt64 = 0
}

/// What a run did.
public struct MirrorReport: Equatable, Sendable {
  /// Records, objects, and bytes of objects.
  public struct Amount: Equatable, Sendable {
    /// Records.
    public let recordCount: UInt64
    /// Objects.
    public let objectCount: UInt64
    /// Bytes of objects; where they were stored, with what surrounds them in packs.
    public let byteCount: UInt64
  }

  /// What was stored here, or would be.
  public let received: Amount
  /// What the other end stored, or would.
  public let sent: Amount
  /// Objects that were asked for and that the other end lacks or holds damaged: their ids.
  public let lackingObjectIDs: [String]
  /// Objects that this store had lost, and has again.
  public let healedObjectCount: Int
}

/// A run, as the sequence of what happens in it.
///
/// It begins when the first event is asked for, on threads of its own, and blocks none of the caller's. Cancelling the task that waits for an
/// event, or leaving the loop, stops it: the other end is told, objects that came whole are kept, and `next` throws
/// `interrupted` when nothing of the run works any more. Each loop over it is a run of its own.
public struct MirrorRun: AsyncSequence, Sendable {
  /// What happens.
  public typealias Element = MirrorEvent
  /// Why it ended early.
  public typealias Failure = KistError

  let body: @Sendable (MirrorFeed) throws -> MirrorReport

  /// A run of its own, which begins with the first `next`.
  public func makeAsyncIterator() -> Iterator { Iterator(handle: Handle(body)) }

  /// The events of one run.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let handle: Handle

    /// The next event; `nil` behind the last.
    public mutating func next() async throws(KistError) -> MirrorEvent? {
      try await next(isolation: #isolation)
    }

    /// The next event; `nil` behind the last.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(KistError) -> MirrorEvent? {
      handle.begin()
      return try await handle.feed.next(isolation: actor)
    }
  }

  /// Stops the run when nobody asks any more.
  fileprivate final class Handle: Sendable {
    let feed = MirrorFeed()
    private let body: Mutex<(@Sendable (MirrorFeed) throws -> MirrorReport)?>

    init(_ body: @escaping @Sendable (MirrorFeed) throws -> MirrorReport) {
      self.body = Mutex(body)
    }

    func begin() {
      guard let body = body.withLock({ $0.take() }) else { return }
      let feed = feed
      do {
        try WorkerThread.startDetached {
          do {
            feed.finish(.success(try body(feed)))
          } catch {
            feed.finish(.failure(KistError(error)))
          }
        }
      } catch {
        feed.finish(.failure(KistError(.failed, "cannot start a thread (error \(error.errno))")))
      }
    }

    deinit { feed.stop() }
  }
}

/// Carries what happens from the threads of a run to the task that waits for it.
final class MirrorFeed: Sendable {
  private struct State {
    var events: [MirrorEvent] = []
    /// Waits for nobody: a newer one takes its place.
    var figures: MirrorFigures?
    var ending: Result<MirrorReport, KistError>?
    var waiter: CheckedContinuation<Void, Never>?
    /// The ending was told.
    var isOver = false
  }

  private enum Step {
    case event(MirrorEvent)
    case failure(KistError)
    case end
    case wait
  }

  private let state = Mutex(State())
  private let stopWanted = Atomic<Bool>(false)

  /// True when the run is to stop.
  var isStopped: Bool { stopWanted.load(ordering: .acquiring) }

  func stop() { stopWanted.store(true, ordering: .releasing) }

  func put(_ event: MirrorEvent) {
    wake { $0.events.append(event) }
  }

  func put(_ figures: MirrorFigures) {
    wake { $0.figures = figures }
  }

  func finish(_ ending: Result<MirrorReport, KistError>) {
    wake { $0.ending = ending }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiter = state.withLock { state in
      change(&state)
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// The next event; `nil` behind the last.
  func next(isolation actor: isolated (any Actor)?) async throws(KistError) -> MirrorEvent? {
    while true {
      switch state.withLock({ MirrorFeed.step(&$0) }) {
      case .event(let event): return event
      case .failure(let error): throw error
      case .end: return nil
      case .wait: break
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            let isReady =
              !state.events.isEmpty || state.figures != nil || state.ending != nil
            if !isReady { state.waiter = continuation }
            return isReady
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        stop()
      }
    }
  }

  private static func step(_ state: inout State) -> Step {
    if state.isOver { return .end }
    if !state.events.isEmpty { return .event(state.events.removeFirst()) }
    if let figures = state.figures.take() { return .event(.progress(figures)) }
    guard let ending = state.ending else { return .wait }
    state.isOver = true
    switch ending {
    case .success(let report): return .event(.finished(report))
    case .failure(let error): return .failure(error)
    }
  }
}
