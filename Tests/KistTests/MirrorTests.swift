import Foundation
import Glibc
import Kist
import Testing

/// Mirroring as another program does it.
@Suite("Mirroring with the library Kist")
struct MirrorTests {
  /// A folder for stores and for what their machines know.
  private final class Place: Sendable {
    let root = FileManager.default.temporaryDirectory.path + "/kist-mirror-" + UUID().uuidString

    init() throws {
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit {
      do {
        try FileManager.default.removeItem(atPath: root)
      } catch {
        Issue.record(error, "the temporary folder stays")
      }
    }

    func path(_ name: String) -> String { root + "/" + name }

    /// What a machine of its own knows.
    func client(_ name: String) -> Client {
      var client = Client()
      client.host = name
      client.cacheFolder = path(name + "-cache")
      client.stateFolder = path(name + "-state")
      return client
    }

    func store(_ name: String) -> Store { Store(at: path(name), client: client(name)) }

    /// A repository with one snapshot.
    func repository(_ name: String, bytes: Int = 30_000) throws -> (Repository, String) {
      let repository = try Repository.create(
        at: path(name),
        password: "right",
        client: client(name)
      )
      return (repository, try backUp(repository, bytes: bytes))
    }

    /// Backs up a new file; the snapshot's id.
    func backUp(_ repository: Repository, bytes: Int = 30_000) throws -> String {
      let file = UUID().uuidString
      try FileManager.default.createDirectory(
        atPath: path("source"),
        withIntermediateDirectories: true
      )
      var random = SystemRandomNumberGenerator()
      let content = Data((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) })
      try content.write(to: URL(fileURLWithPath: path("source/" + file)))
      return try repository.backUp([path("source")]).snapshotID
    }

    func open(_ name: String, as client: String) throws -> Repository {
      try Repository(at: path(name), opening: .password("right"), client: self.client(client))
    }
  }

  /// What a run told.
  private struct Told: Sendable {
    var arrived: [String] = []
    var figures: [MirrorFigures] = []
    var report: MirrorReport?
  }

  /// Follows a run to its end.
  private static func follow(_ run: MirrorRun) async throws(KistError) -> Told {
    var told = Told()
    for try await event in run {
      #expect(told.report == nil, "nothing follows the end")
      switch event {
      case .progress(let figures): told.figures.append(figures)
      case .snapshotArrived(let id): told.arrived.append(id)
      case .finished(let report): told.report = report
      }
    }
    return told
  }

  private static func creating() -> MirrorOptions {
    var options = MirrorOptions()
    options.makesDestination = true
    return options
  }

  @Test func `a repository is pushed into a folder, and what arrived is told`() async throws {
    let place = try Place()
    let (repository, first) = try place.repository("one")
    let second = try place.backUp(repository)
    let store = try repository.store
    let there = place.store("two")
    var dry = Self.creating()
    dry.isDryRun = true
    let planned = try await Self.follow(store.mirror(.push, with: there, options: dry))
    #expect(planned.arrived == [] && !FileManager.default.fileExists(atPath: there.path))
    let told = try await Self.follow(store.mirror(.push, with: there, options: Self.creating()))
    let report = try #require(told.report)
    #expect(Set(told.arrived) == [first, second])
    #expect(report.sent.byteCount > 60_000 && report.received.objectCount == 0)
    #expect(report.sent.objectCount == planned.report?.sent.objectCount)
    #expect(report.lackingObjectIDs.isEmpty && report.healedObjectCount == 0)
    let figures = try #require(told.figures.last)
    #expect(figures.objectsSent == report.sent.objectCount)
    #expect(figures.bytesSent == figures.bytesToSend && figures.bytesSent > 60_000)
    // Again there is nothing to do, and the copy is a repository.
    let again = try await Self.follow(store.mirror(.sync, with: there))
    #expect(again.report?.sent.objectCount == 0 && again.arrived == [])
    let copy = try place.open("two", as: "third")
    #expect(try copy.snapshots().map(\.id) == [first, second])
    #expect(try copy.check(.everything).isWhole)
  }

  /// Two repositories that went different ways, brought together by the streams of two machines.
  private func sync(
    _ streams: (any ByteStream, any ByteStream)
  ) async throws {
    let place = try Place()
    let (one, _) = try place.repository("one")
    _ = try await Self.follow(
      one.store.mirror(.push, with: place.store("two"), options: Self.creating())
    )
    let two = try place.open("two", as: "ben")
    let here = try place.backUp(one)
    let there = try place.backUp(two)
    let (near, far) = (try one.store, try two.store)
    async let served = Self.follow(far.serve(over: streams.1))
    let told = try await Self.follow(near.mirror(.sync, over: streams.0))
    #expect(told.arrived == [there])
    #expect(try await served.arrived == [here])
    #expect(try Set(one.snapshots().map(\.id)) == Set(two.snapshots().map(\.id)))
    for repository in [one, two] {
      let problems = try repository.check(.everything).problems
      #expect(problems == [], "\(problems)")
    }
  }

  @Test func `two peers whose streams are connected in memory replicate`() async throws {
    try await sync(ByteStreams.pair())
  }

  @Test func `two peers on the ends of a socket, or of two pipes, replicate`() async throws {
    var ends: [Int32] = [0, 0]
    try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    try await sync(
      (
        ByteStreams.descriptors(input: ends[0], output: dup(ends[0])),
        ByteStreams.descriptors(input: ends[1], output: dup(ends[1]))
      )
    )
    var (out, back): ([Int32], [Int32]) = ([0, 0], [0, 0])
    try #require(unsafe pipe(&out) == 0)
    try #require(unsafe pipe(&back) == 0)
    try await sync(
      (
        ByteStreams.descriptors(input: back[0], output: out[1]),
        ByteStreams.descriptors(input: out[0], output: back[1])
      )
    )
  }

  /// A program's own stream, which can be made to stand still.
  private final class OwnStream: ByteStream {
    private let stream: any ByteStream
    private let budget: Budget

    final class Budget: @unchecked Sendable {
      private let condition = NSCondition()
      private var bytes: Int
      private var isClosed = false

      init(_ bytes: Int) { self.bytes = bytes }

      func take(_ count: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while bytes < count, !isClosed { condition.wait() }
        bytes -= count
        return !isClosed
      }

      func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
      }
    }

    struct Broken: Error {}

    init(_ stream: any ByteStream, budget: Int) {
      self.stream = stream
      self.budget = Budget(budget)
    }

    func read() throws -> [UInt8] {
      let bytes = try stream.read()
      guard bytes.isEmpty || budget.take(bytes.count) else { throw Broken() }
      return bytes
    }

    func write(_ bytes: [UInt8]) throws { try stream.write(bytes) }

    func close() {
      budget.close()
      stream.close()
    }
  }

  @Test func `a cancelled run ends both sides, and the next one goes on`() async throws {
    let place = try Place()
    let (repository, id) = try place.repository("one", bytes: 3_000_000)
    let store = try repository.store
    let (near, far) = ByteStreams.pair()
    // The receiver gets a megabyte and then nothing, as from a line that hangs.
    let stuck = OwnStream(far, budget: 1_500_000)
    let there = place.store("two")
    let served = Task { try await Self.follow(there.serve(over: stuck)) }
    let run = Task {
      try await Self.follow(store.mirror(.push, over: near, options: Self.creating()))
    }
    try await Task.sleep(for: .milliseconds(1000))
    run.cancel()
    let error = await #expect(throws: KistError.self) { try await run.value }
    #expect(error?.kind == .interrupted)
    served.cancel()
    await #expect(throws: KistError.self) { try await served.value }
    let told = try await Self.follow(
      store.mirror(.push, with: there, options: Self.creating())
    )
    #expect(told.arrived == [id])
    #expect(try place.open("two", as: "two-three").check(.everything).isWhole)
  }

  @Test func `leaving the loop stops the run`() async throws {
    let place = try Place()
    let (repository, _) = try place.repository("one")
    let store = try repository.store
    let (near, far) = ByteStreams.pair()
    // Nobody serves the other end: what is written there tells when the run has ended.
    let reader = Thread { while let bytes = try? far.read(), !bytes.isEmpty { continue } }
    reader.start()
    for try await _ in store.mirror(.push, over: near) { break }
    for _ in 0..<50 where !reader.isFinished { try await Task.sleep(for: .milliseconds(100)) }
    #expect(reader.isFinished)
    far.close()
  }

  @Test func `errors say what a program can tell apart`() async throws {
    let place = try Place()
    let (one, _) = try place.repository("one")
    let (other, _) = try place.repository("other")
    func kind(_ run: MirrorRun) async -> KistError.Kind? {
      do {
        _ = try await Self.follow(run)
        return nil
      } catch {
        return error.kind
      }
    }
    let store = try one.store
    #expect(await kind(store.mirror(.push, with: place.store("none"))) == .noRepository)
    #expect(await kind(place.store("none").mirror(.push, with: store)) == .noRepository)
    #expect(await kind(store.mirror(.push, with: try other.store)) == .refusedForSafety)
    #expect(await kind(store.mirror(.push, with: try one.store)) == .failed)
    for (role, direction, quota) in [
      (ServeRole.read, MirrorDirection.push, nil), (.append, .pull, nil), (.full, .push, 1000),
    ] as [(ServeRole, MirrorDirection, Int?)] {
      let (near, far) = ByteStreams.pair()
      let there = place.store("two")
      if direction == .pull {
        _ = try await Self.follow(store.mirror(.push, with: there, options: Self.creating()))
      }
      async let served = kind(there.serve(over: far, role: role, quota: quota))
      let told = await kind(store.mirror(direction, over: near, options: Self.creating()))
      let end = await served
      #expect(told != nil && end != nil, "\(role)")
      if quota != nil { #expect(told == .noSpace) }
      try? FileManager.default.removeItem(atPath: there.path)
    }
  }
}
