import Files
import Mirroring
import Repositories
import Storage
import Synchronization
import Threading

/// A stream to the other end of a mirror run, and what must be waited for when it is over.
final class MirrorConnection {
  let stream: any DuplexStream
  private let child: ChildProcess?
  private let thread: WorkerThread?

  /// Connects to a destination; a folder's store is served by a thread of this process.
  init(
    to destination: MirrorDestination,
    folders: ClientFolders,
    limits: PacedStream.Limits,
    serving: PeerOptions
  ) throws {
    let base: any DuplexStream
    switch destination {
    case .folder(let path):
      let (near, far) = MemoryStream.pair()
      let there = try MirrorConnection.repository(at: .folder(path), folders: folders)
      var options = serving
      options.creation = { file throws(MirrorError) in
        try MirrorConnection.create(at: .folder(path), file, folders: folders)
      }
      let settled = options
      child = nil
      thread = try WorkerThread.start {
        MirrorConnection.serve(there, over: far, settled)
      }
      base = near
    case .program(let arguments):
      (base, child) = try MirrorConnection.start(arguments)
      thread = nil
    case .command(let command):
      (base, child) = try MirrorConnection.start(["/bin/sh", "-c", command])
      thread = nil
    }
    let isLimited = limits.upload != nil || limits.download != nil
    stream = isLimited ? PacedStream(base, limits: limits) : base
  }

  /// Waits for the other end; the exit status of a program, if there was one.
  ///
  /// After a stop, or a silence, a program is told to end.
  func finish(after error: MirrorError? = nil) -> Int32? {
    stream.close()
    thread?.join()
    switch error {
    case .interrupted, .stalled: return child?.stop()
    default: return child?.wait()
    }
  }

  /// The repository in a place; `nil` if there is none.
  static func repository(
    at place: RepositoryPlace,
    folders: ClientFolders
  ) throws -> KeylessRepository? {
    do {
      return try KeylessRepository(store: try place.openStore(), folders: folders)
    } catch StorageError.noRepository, StorageError.interruptedInit,
      RepositoryError.storage(.noRepository), RepositoryError.storage(.interruptedInit)
    {
      return nil
    }
  }

  /// Makes a repository for records that lie elsewhere.
  static func create(
    at place: RepositoryPlace,
    _ configuration: [UInt8],
    folders: ClientFolders
  ) throws(MirrorError) -> KeylessRepository {
    do {
      return try KeylessRepository(
        store: try place.createStore(configuration: configuration, blobs: []),
        folders: folders
      )
    } catch {
      throw MirrorError(error)
    }
  }

  /// Starts a program that speaks the protocol on its standard input and output.
  static func start(
    _ arguments: [String]
  ) throws -> (any DuplexStream, ChildProcess) {
    let child = try ChildProcess(arguments, input: .piped)
    guard let input = child.takeInput() else { throw MirrorError.closed }
    return (DescriptorStream(input: child.output, output: input), child)
  }

  private static func serve(
    _ repository: KeylessRepository?,
    over stream: any DuplexStream,
    _ options: PeerOptions
  ) {
    do throws(MirrorError) {
      _ = try MirrorPeer(
        stream: stream,
        repository: repository,
        options: options,
        progress: MirrorProgress(),
        interruption: { InterruptFlag.isRaised }
      ).run()
    } catch {
      // The other end, which is this process too, has been told.
      stream.close()
    }
  }
}
