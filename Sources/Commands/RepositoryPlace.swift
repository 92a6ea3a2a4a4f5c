import Files
import Mirroring
import Repositories
import Storage
import Threading

/// Where a repository is: a folder of this machine, or behind a program that serves it.
struct RepositoryPlace {
  /// What a place behind a command begins with.
  private static let pipePrefix = "pipe:"

  let destination: MirrorDestination
  /// As it was written; for people.
  let name: String
  /// What is told when an answer is waited for.
  var waiting = WaitingNote.none

  /// A folder of this machine.
  static func folder(_ path: String) -> RepositoryPlace {
    RepositoryPlace(destination: .folder(path), name: path)
  }

  private init(destination: MirrorDestination, name: String) {
    self.destination = destination
    self.name = name
  }

  /// Reads a place as a person writes it.
  init(_ text: String, remoteProgram: String) throws {
    name = text
    guard text.hasPrefix(RepositoryPlace.pipePrefix) else {
      destination = try MirrorDestination(text, remoteProgram: remoteProgram)
      return
    }
    let command = text.dropFirst(RepositoryPlace.pipePrefix.count)
    guard !command.isEmpty else {
      throw Failure(
        .usage,
        "pipe: needs a command",
        advice: "Write pipe:'COMMAND', a command that ends in `kist serve --stdio`."
      )
    }
    destination = .command(String(command))
  }

  /// The path, where the place is a folder of this machine.
  var folder: String? {
    guard case .folder(let path) = destination else { return nil }
    return path
  }

  /// Opens the store; one on another machine is connected to.
  func openStore() throws -> any BlobStore & CommitLocking {
    guard let arguments = destination.arguments else {
      return try DirectoryStore(path: folder ?? name)
    }
    let line = try connect(arguments)
    do {
      return try RemoteStore(over: line.stream, line.connection)
    } catch {
      // Whatever it still waits for, nobody does.
      _ = line.program.stop()
      throw error
    }
  }

  /// Makes a store with an id of its own, and opens it.
  func createStore(
    configuration: [UInt8],
    blobs: [(BlobName, [UInt8])]
  ) throws(StorageError) -> any BlobStore & CommitLocking {
    guard let arguments = destination.arguments else {
      let path = folder ?? name
      try StoreLayout.create(at: path, configuration: configuration, blobs: blobs)
      return try DirectoryStore(path: path)
    }
    let line = try connect(arguments)
    do {
      return try RemoteStore(
        creatingOver: line.stream,
        line.connection,
        configuration: configuration,
        blobs: blobs
      )
    } catch {
      _ = line.program.stop()
      throw error
    }
  }

  /// A program that was started to connect.
  private struct Line {
    let stream: any DuplexStream
    let connection: RemoteStore.Connection
    let program: ConnectedProgram
  }

  private func connect(_ arguments: [String]) throws(StorageError) -> Line {
    do {
      let program = try ConnectedProgram(arguments)
      var connection = RemoteStore.Connection(
        location: name,
        program: Surroundings.program
      ) { program.wait() }
      connection.interruption = { InterruptFlag.isRaised }
      connection.waiting = waiting
      return Line(stream: program.stream, connection: connection, program: program)
    } catch let error as FilesError {
      throw .unreachable(location: name, .system(error))
    } catch {
      throw .unreachable(location: name, .closed)
    }
  }

  /// Threads that read a store: one a core, and more where answers are long on their way.
  static func readerCount(_ store: any BlobStore) -> Int {
    max(usableProcessorCount(), store.concurrency.readers)
  }
}
