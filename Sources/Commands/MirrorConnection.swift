import Files
import Mirroring
import Repositories
import Storage
import Synchronization
import Threading

/// A stream to the other end of a mirror run, and what must be waited for when it is over.
final class MirrorConnection {
  let stream: any DuplexStream
  private let program: ConnectedProgram?
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
      program = nil
      thread = try WorkerThread.start {
        MirrorConnection.serve(there, over: far, settled)
      }
      base = near
    case .program(let arguments):
      let started = try ConnectedProgram(arguments)
      (base, program, thread) = (started.stream, started, nil)
    case .command(let command):
      let started = try ConnectedProgram(["/bin/sh", "-c", command])
      (base, program, thread) = (started.stream, started, nil)
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
    case .interrupted, .stalled: return program?.stop()
    default: return program?.wait()
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
