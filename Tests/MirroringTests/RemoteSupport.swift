import CoreTypes
import Mirroring
import Packing
import Repositories
import Storage
import Synchronization
import TestSupport
import Threading

/// A store and the server that lends it out, session after session.
final class Lender: Sendable {
  let family: Family
  let store: MemoryStore
  /// What proves records; opened once, as a database is in one process.
  let repository: KeylessRepository

  init(_ family: Family) throws {
    self.family = family
    store = try family.emptyStore()
    repository = try family.open(store)
  }

  /// How a session is served.
  func serving(
    _ role: Role = .full,
    _ change: (inout StoreServing) -> Void = { _ in }
  )
    -> StoreServing
  {
    let repository = repository
    var serving = StoreServing(program: "test serve") { _ throws(MirrorError) in
      do throws(RepositoryError) {
        try repository.refresh()
      } catch {
        throw .repository(error)
      }
      return repository
    }
    serving.role = role
    serving.stallSeconds = 20
    change(&serving)
    return serving
  }

  /// Serves one end of a stream until the other has gone.
  func serve(_ stream: any DuplexStream, _ serving: StoreServing) throws -> Session {
    try Session(over: stream, .success(store), serving)
  }

  /// The store as another machine sees it.
  func remote(
    _ role: Role = .full,
    _ change: (inout StoreServing) -> Void = { _ in }
  ) throws
    -> RemoteStore
  {
    let (near, far) = MemoryStream.pair()
    _ = try serve(far, serving(role, change))
    return try RemoteStore(over: near, connection)
  }
}

/// How tests name what they connect to.
let connection: RemoteStore.Connection = {
  var connection = RemoteStore.Connection(location: "there", program: "test")
  connection.stallSeconds = 20
  return connection
}()

/// A server's session on a thread of its own.
final class Session: Sendable {
  private let ending = Mutex<Result<Void, MirrorError>?>(nil)
  private let thread: WorkerThread

  init(
    over stream: any DuplexStream,
    _ opened: StoreServer.Opened,
    _ serving: StoreServing
  ) throws {
    let box = Box()
    thread = try WorkerThread.start {
      do throws(MirrorError) {
        try StoreServer(over: stream, opened, serving) { false }.run()
        box.put(.success(()))
      } catch {
        box.put(.failure(error))
      }
    }
    self.box = box
  }

  private let box: Box

  private final class Box: Sendable {
    private let ending = Mutex<Result<Void, MirrorError>>(.failure(.closed))
    var value: Result<Void, MirrorError> { ending.withLock { $0 } }
    func put(_ value: Result<Void, MirrorError>) { ending.withLock { $0 = value } }
  }

  /// Waits for the end; why the session ended.
  func end() -> Result<Void, MirrorError> {
    thread.join()
    return box.value
  }
}

extension Family {
  /// A pack in bytes, its name and its objects.
  func packBytes(
    _ sizes: [Int],
    random: inout SplitMix64
  ) throws -> (name: BlobName, bytes: [UInt8], objects: [ObjectID]) {
    let store = try emptyStore()
    let objects = try pack(sizes, in: store, random: &random)
    let name = BlobName(.pack, try store.names(of: .pack)[0])
    return (name, try store.read(name), objects)
  }
}
