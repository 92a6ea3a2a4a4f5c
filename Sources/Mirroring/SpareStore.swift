package import CoreTypes
package import Repositories
import Synchronization
import Threading

/// Another store of the repository, from which objects come that are damaged or missing in the one in use.
///
/// Connected to when the first is asked for. One thread owns the line; what comes is handed to whoever waits, and stored
/// where it belongs if that store may be written. Nothing is taken for right here: whoever asked proves it, and so does
/// what stores it.
package final class SpareStore: SpareObjects {
  /// How to reach the other store.
  package struct Connection {
    package let stream: any DuplexStream
    /// Waits for what is behind the stream; its status, if it is a program.
    package let finish: () -> Int32?

    package init(stream: any DuplexStream, finish: @escaping () -> Int32?) {
      self.stream = stream
      self.finish = finish
    }
  }

  /// What is done with an object besides handing it on.
  package enum Keeping: Sendable {
    /// It is stored in the store in use, if that may be written.
    case broughtBack
    case used
  }

  /// What came of it.
  package struct Report: Sendable {
    /// Objects that were damaged or missing in the store in use, and came.
    package var came = 0
    /// Of these, objects that are sound in the store in use again.
    package var broughtBack = 0
    /// Objects that the other store lacks too, or sent damaged.
    package var lacking = 0
    /// Why it could not be asked, or not to the end; with the status of the program that connected.
    package var failure: (error: any Error & Sendable, status: Int32?)?
    /// Why nothing could be stored.
    package var refusal: MirrorError?
    package var replacedPacks = 0
  }

  private struct State {
    var thread: WorkerThread?
    var hasBegun = false
    var came: Set<ObjectID> = []
    var lacking: Set<ObjectID> = []
    var damagedPacks: Set<PackID> = []
    var report = Report()
    var hasTriedLost = false
  }

  private let repository: @Sendable () throws -> KeylessRepository
  private let connect: @Sendable () throws -> Connection
  private let program: String
  private let keeping: Keeping
  private let interruption: @Sendable () -> Bool
  private let requests = ObjectRequests()
  private let state = Mutex(State())

  /// `repository` is the one in use; it and the line are opened when something is wanted.
  package init(
    program: String,
    keeping: Keeping,
    repository: @escaping @Sendable () throws -> KeylessRepository,
    connect: @escaping @Sendable () throws -> Connection,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.program = program
    self.keeping = keeping
    self.repository = repository
    self.connect = connect
    self.interruption = interruption
  }

  package func object(_ id: ObjectID, damagedIn pack: PackID?) -> SpareObject? {
    begin()
    let spare = state.withLock({ $0.lacking.contains(id) }) ? nil : requests.object(id)
    let isSound = spare.map { Intake.isProven($0, as: id) } ?? false
    state.withLock { state in
      guard isSound else { return state.lacking.formUnion([id]) }
      state.came.insert(id)
      if let pack { state.damagedPacks.insert(pack) }
    }
    return isSound ? spare : nil
  }

  package func bringBackLost() -> Bool {
    guard keeping == .broughtBack else { return false }
    state.withLock { $0.hasTriedLost = true }
    do {
      let healing = Healing(repository: try repository())
      let lost = try healing.lostObjects()
      guard !lost.isEmpty else { return false }
      let connection = try connect()
      defer { _ = connection.finish() }
      let report = try healing.run(
        objects: lost,
        packs: [],
        over: connection.stream,
        program: program,
        progress: MirrorProgress(),
        interruption: interruption
      )
      state.withLock { state in
        state.came.formUnion(report.healed)
        state.report.broughtBack += report.healed.count
        state.lacking.formUnion(report.lacking)
      }
      return !report.healed.isEmpty
    } catch {
      fail(error, nil)
      return false
    }
  }

  /// Ends the line, and says what came of it; `nil` if nothing was ever asked for.
  ///
  /// What came is durable then, and packs of which everything is sound elsewhere are replaced.
  package func finish() -> Report? {
    requests.close()
    let thread = state.withLock { state in
      defer { state.thread = nil }
      return state.thread
    }
    thread?.join()
    let packs = state.withLock { $0.damagedPacks }
    let canWrite = state.withLock { $0.report.broughtBack > 0 && $0.report.refusal == nil }
    if canWrite, !packs.isEmpty { replace(packs) }
    return state.withLock { state in
      guard state.hasBegun || state.hasTriedLost else { return nil }
      var report = state.report
      report.came = state.came.count
      report.lacking = state.lacking.subtracting(state.came).count
      return report
    }
  }

  /// What was sound in damaged packs moves to new ones; where that cannot be, they stay.
  private func replace(_ packs: Set<PackID>) {
    do {
      let repository = try repository()
      let replaced = try Healing(repository: repository).replace(packs, lacking: [])
      state.withLock { $0.report.replacedPacks = replaced.count }
    } catch {
      // Ignored: the objects are sound in other packs; `check` names those that stay.
    }
  }

  // MARK: The thread that owns the line

  private func begin() {
    state.withLock { state in
      guard !state.hasBegun else { return }
      state.hasBegun = true
      do throws(ThreadError) {
        state.thread = try WorkerThread.start { [self] in run() }
      } catch {
        state.report.failure = (MirrorError.threads(errno: error.errno), nil)
        requests.end()
      }
    }
  }

  private func run() {
    // Whoever still waits is told that nothing comes.
    defer { requests.end() }
    do {
      let repository = try repository()
      let connection = try connect()
      var options = PeerOptions(program: program)
      options.wishes = [Hello.Wish.pull]
      options.onlyObjects = []
      options.requests = requests
      options.keeping = keeping
      options.stallSeconds = SpareStore.stallSeconds
      do {
        let summary = try MirrorPeer(
          stream: connection.stream,
          repository: repository,
          options: options,
          progress: MirrorProgress(),
          interruption: interruption
        ).run()
        _ = connection.finish()
        state.withLock { state in
          state.report.broughtBack += summary.healed.count
          state.report.refusal = summary.refusal
        }
      } catch {
        let status = connection.finish()
        fail(error, status)
      }
    } catch {
      fail(error, nil)
    }
  }

  /// Seconds without a byte after which a restore goes on without the other store.
  private static let stallSeconds = 90

  private func fail(_ error: any Error & Sendable, _ status: Int32?) {
    state.withLock { state in
      if state.report.failure == nil { state.report.failure = (error, status) }
    }
  }
}
