import Commands
import Files
import Mirroring
import Repositories
import Sodium
import Storage
import Synchronization

/// One copy of a repository, as it is mirrored: without a password.
///
/// A program opens each store once, and uses the same `Store` for all runs; several runs at once are allowed. For a repository that
/// is open already, ask `Repository.store`.
///
/// ```swift
/// let disk = Store(at: "/mnt/disk/backup.kist")
/// for try await event in disk.mirror(.push, with: Store(at: "/mnt/second/backup.kist")) {
///   if case .finished(let report) = event { print("sent", report.sent.byteCount, "bytes") }
/// }
/// ```
public final class Store: Sendable {
  /// The folder.
  public let path: String
  private let client: Client
  private let opened: Mutex<KeylessRepository?>

  /// The store in a folder; nothing is looked at before the first run.
  public init(at path: String, client: Client = Client()) {
    self.path = path
    self.client = client
    opened = Mutex(nil)
  }

  /// A store whose index is open.
  init(path: String, client: Client, opened: KeylessRepository) {
    self.path = path
    self.client = client
    self.opened = Mutex(opened)
  }

  /// The repository as it is now; `nil` if there is none.
  func repository() throws -> KeylessRepository? {
    try opened.withLock { opened in
      if let repository = opened {
        try repository.refresh()
        return repository
      }
      try ProcessEnvironment.raiseFileLimit()
      try Sodium.start()
      do {
        opened = try KeylessRepository(
          store: try DirectoryStore(path: path),
          folders: try client.folders()
        )
      } catch StorageError.noRepository, StorageError.interruptedInit,
        RepositoryError.storage(.noRepository), RepositoryError.storage(.interruptedInit)
      {
        return nil
      }
      return opened
    }
  }

  /// Makes the repository of another store here.
  func create(_ configuration: [UInt8]) throws(MirrorError) -> KeylessRepository {
    do {
      try StoreLayout.create(at: path, configuration: configuration, blobs: [])
      guard let made = try repository() else { throw MirrorError.noRepository(whose: .here) }
      return made
    } catch {
      throw MirrorError(error)
    }
  }
}

extension Repository {
  /// This repository's store, to be mirrored.
  public var store: Store {
    get throws(KistError) {
      try KistError.explaining {
        Store(
          path: directory.location,
          client: client,
          opened: try KeylessRepository(store: directory, index: open.index)
        )
      }
    }
  }
}
