import Commands
import CoreTypes
import Files
import Mirroring
import Repositories
import Synchronization
import Threading

/// Which way things travel.
public enum MirrorDirection: Sendable {
  /// The other end gets what it lacks.
  case push
  /// This end gets what it lacks.
  case pull
  /// Both.
  case sync
}

/// How a run is made.
public struct MirrorOptions: Sendable {
  /// The end that receives makes the repository if it has none.
  public var makesDestination = false
  /// Key slots stay where they are: the copy opens only with slots put back later.
  public var withholdsSlots = false
  /// Both ends compare all objects, and bring back what one has lost.
  public var comparesObjects = false
  /// Nothing is stored; the report says what would be.
  public var isDryRun = false

  /// What is missing, and nothing else.
  public init() {}
}

/// What an end that serves lets the other do; see the roles of `kist serve`.
public enum ServeRole: Sendable {
  /// Receives, and takes no record that removes.
  case append
  /// Gives.
  case read
  /// Gives and receives.
  case mirror
  /// As `mirror`, and makes the repository where there is none.
  case full
}

extension Store {
  /// Mirrors this store and another one of this machine.
  public func mirror(
    _ direction: MirrorDirection,
    with other: Store,
    options: MirrorOptions = MirrorOptions()
  ) -> MirrorRun {
    MirrorRun { feed in
      let (near, far) = MemoryStream.pair()
      let server = try ServingThread(other, over: far, feed: feed)
      defer { near.close() }
      do {
        let report = try self.run(feed, over: near, self.peer(direction, options), other.path)
        server.join()
        for id in server.arrived { feed.put(.snapshotArrived("\(id)")) }
        return report
      } catch {
        near.close()
        server.join()
        throw error
      }
    }
  }

  /// Mirrors this store and the one at the other end of a stream, which somebody serves there.
  ///
  /// The stream is closed at the end.
  public func mirror(
    _ direction: MirrorDirection,
    over stream: any ByteStream,
    options: MirrorOptions = MirrorOptions()
  ) -> MirrorRun {
    MirrorRun { feed in
      try self.run(feed, over: duplex(stream), self.peer(direction, options), "the other end")
    }
  }

  /// Serves this store to the other end of a stream: a `mirror` there decides what is done, as far as the role lets it.
  ///
  /// `quota` is the number of bytes that the store may come to. The stream is closed at the end.
  public func serve(
    over stream: any ByteStream,
    role: ServeRole = .full,
    quota: Int? = nil
  ) -> MirrorRun {
    MirrorRun { feed in
      var peer = self.peer
      peer.role = role.wire
      peer.quota = quota
      peer.creation = { configuration throws(MirrorError) in try self.create(configuration) }
      return try self.run(feed, over: duplex(stream), peer, "the other end")
    }
  }

  // MARK: Runs

  /// Tells the other end why it is not served.
  private static func refuse(over stream: any DuplexStream, for error: any Error) {
    let reason = KistError(error)
    MirrorPeer.refuse(
      over: stream,
      after: .nothing,
      code: reason.kind == .noSpace ? MirrorErrorCode.noSpace : MirrorErrorCode.store,
      reason: reason.message
    )
  }

  private var peer: PeerOptions { PeerOptions(program: Surroundings.program) }

  private func peer(_ direction: MirrorDirection, _ options: MirrorOptions) -> PeerOptions {
    var peer = peer
    switch direction {
    case .push: peer.wishes = [Hello.Wish.push]
    case .pull: peer.wishes = [Hello.Wish.pull]
    case .sync: peer.wishes = [Hello.Wish.push, Hello.Wish.pull]
    }
    if options.isDryRun { peer.wishes.append(Hello.Wish.dryRun) }
    if options.withholdsSlots { peer.wishes.append(Hello.Wish.noSlots) }
    if options.comparesObjects { peer.wishes.append(Hello.Wish.compare) }
    guard options.makesDestination else { return peer }
    peer.wishes.append(Hello.Wish.create)
    if direction == .pull {
      peer.creation = { configuration throws(MirrorError) in try self.create(configuration) }
    }
    return peer
  }

  private func run(
    _ feed: MirrorFeed,
    over stream: any DuplexStream,
    _ options: PeerOptions,
    _ target: String
  ) throws -> MirrorReport {
    defer { stream.close() }
    guard !feed.isStopped else {
      throw Wording.failure(from: .interrupted, target: target, here: path)
    }
    let here: KeylessRepository?
    do {
      here = try repository()
    } catch {
      Store.refuse(over: stream, for: error)
      throw error
    }
    guard here != nil || options.creation != nil else {
      MirrorPeer.refuse(
        over: stream,
        after: .nothing,
        code: MirrorErrorCode.noRepository,
        reason: "no repository"
      )
      throw KistError(.noRepository, "there is no repository at \(path)")
    }
    let watch = try StopWatch(feed, stream)
    defer { watch.end() }
    let progress = MirrorProgress()
    let ticker = Ticker(progress, feed)
    do throws(MirrorError) {
      let summary = try MirrorPeer(
        stream: stream,
        repository: here,
        options: options,
        progress: progress,
        interruption: {
          ticker.tick()
          return feed.isStopped
        }
      ).run()
      feed.put(MirrorFigures(progress.now))
      for id in summary.arrived { feed.put(.snapshotArrived("\(id)")) }
      return MirrorReport(summary)
    } catch {
      throw Wording.failure(from: feed.isStopped ? .interrupted : error, target: target, here: path)
    }
  }

  /// Closes the stream of a run that was stopped and waits for the other end all the same.
  private final class StopWatch {
    private let thread: WorkerThread
    private let isOver: Monitor<Bool>
    private static let milliseconds = 250
    /// Two seconds: so long a run has to tell the other end.
    private static let rounds = 8

    init(_ feed: MirrorFeed, _ stream: any DuplexStream) throws {
      let isOver = Monitor(false)
      self.isOver = isOver
      do {
        thread = try WorkerThread.start {
          var rounds = 0
          while !isOver.wait(upToMilliseconds: StopWatch.milliseconds, until: { $0 }) {
            if feed.isStopped { rounds += 1 }
            guard rounds > StopWatch.rounds else { continue }
            return stream.close()
          }
        }
      } catch {
        throw Wording.failure(from: .threads(errno: error.errno), target: "", here: "")
      }
    }

    func end() {
      isOver.update { $0 = true }
      thread.join()
    }
  }

  /// Tells of progress now and then; asked by the thread that does the work.
  private final class Ticker: Sendable {
    private let progress: MirrorProgress
    private let feed: MirrorFeed
    private let last = Mutex<(time: UInt64, counters: MirrorCounters)>((0, MirrorCounters()))
    private static let nanoseconds: UInt64 = 100_000_000

    init(_ progress: MirrorProgress, _ feed: MirrorFeed) {
      self.progress = progress
      self.feed = feed
    }

    func tick() {
      let now = SystemClock.monotonicNanoseconds()
      let figures: MirrorFigures? = last.withLock { last in
        guard now - last.time >= Ticker.nanoseconds else { return nil }
        let counters = progress.now
        last.time = now
        defer { last.counters = counters }
        return counters == last.counters ? nil : MirrorFigures(counters)
      }
      if let figures { feed.put(figures) }
    }
  }

  /// The other store of a run inside one process, served by a thread.
  private final class ServingThread {
    private let thread: WorkerThread
    private let found: Found

    private final class Found: Sendable {
      let arrived = Mutex<[RecordID]>([])
    }

    init(_ store: Store, over stream: any DuplexStream, feed: MirrorFeed) throws {
      let found = Found()
      self.found = found
      do {
        thread = try WorkerThread.start {
          do {
            var options = store.peer
            options.creation = { file throws(MirrorError) in try store.create(file) }
            let summary = try MirrorPeer(
              stream: stream,
              repository: try store.repository(),
              options: options,
              progress: MirrorProgress(),
              interruption: { feed.isStopped }
            ).run()
            found.arrived.withLock { $0 = summary.arrived }
          } catch let error as MirrorError where error.isKnownThere {
            // The other end, which is this process too, has been told.
            stream.close()
          } catch {
            Store.refuse(over: stream, for: error)
            stream.close()
          }
        }
      } catch {
        throw Wording.failure(from: .threads(errno: error.errno), target: "", here: "")
      }
    }

    func join() { thread.join() }

    /// Snapshots that came to the other store.
    var arrived: [RecordID] { found.arrived.withLock { $0 } }
  }
}

extension ServeRole {
  var wire: Role {
    switch self {
    case .append: .append
    case .read: .read
    case .mirror: .mirror
    case .full: .full
    }
  }
}

extension MirrorFigures {
  init(_ counters: MirrorCounters) {
    objectsToReceive = counters.objectsToReceive
    bytesToReceive = counters.bytesToReceive
    objectsReceived = counters.objectsReceived
    bytesReceived = counters.bytesReceived
    objectsToSend = counters.objectsToSend
    bytesToSend = counters.bytesToSend
    objectsSent = counters.objectsSent
    bytesSent = counters.bytesSent
  }
}

extension MirrorReport {
  init(_ summary: MirrorSummary) {
    received = Amount(summary.received)
    sent = Amount(summary.given)
    lackingObjectIDs = summary.lacking.map { "\($0)" }
    healedObjectCount = summary.healed.count
  }
}

extension MirrorReport.Amount {
  init(_ report: DoneReport) {
    recordCount = report.records
    objectCount = report.objects
    byteCount = report.bytes
  }
}
