import Chunking
import Commands
import CoreTypes
import Files
import Repositories
import Sealing
import Sodium
import Storage
import Trees

/// An open repository: the door through which another program uses Kist.
///
/// Every call blocks until it is done, and uses threads of its own: call from a thread that may wait, not from a task. Calls from
/// several threads are allowed; so are several processes. What the calls promise is what the command promises: when `backUp` has
/// returned, the snapshot is on the disk. A cache that turns out to be damaged fails a call once; the next opening makes it anew.
///
/// ```swift
/// let repository = try Repository(at: "/mnt/disk/backup.kist", opening: .password("…"))
/// let backup = try repository.backUp(["/home/ann"])
/// ```
public struct Repository: Sendable {
  /// What opens a repository.
  public enum Secret: Sendable {
    case password(String)
    /// As `kist key add --recovery` printed it.
    case recoveryKey(String)
  }

  let open: OpenRepository
  let directory: DirectoryStore
  let client: Client

  /// Opens the repository in the folder at `path`.
  public init(at path: String, opening secret: Secret, client: Client = Client()) throws(KistError)
  {
    let (open, directory) = try KistError.explaining {
      try Repository.prepare()
      let directory = try DirectoryStore(path: path)
      let unlocked = try UnlockedRepository(
        store: directory,
        secret: try Repository.slotSecret(secret)
      )
      return (try unlocked.open(folders: try client.folders()), directory)
    }
    self.open = open
    self.directory = directory
    self.client = client
  }

  /// Makes a repository in the folder at `path`, which is made if it is missing and must be empty, and opens it.
  ///
  /// Whoever has the password can read everything; without it nobody can.
  public static func create(
    at path: String,
    password: String,
    client: Client = Client()
  ) throws(KistError) -> Repository {
    try KistError.explaining {
      try prepare()
      guard !password.isEmpty else { throw KistError(.usage, "an empty password opens nothing") }
      let cost = try KeyDerivationCost.calibrated { SystemClock.monotonicNanoseconds() }
      _ = try RepositoryCreation.create(
        at: path,
        secret: .passphrase(SecretBytes(copying: Array(password.utf8)), cost),
        note: KeySlot.Note(label: "\(client.user)@\(client.host)", made: Surroundings.now),
        chunking: .standard,
        time: Surroundings.now
      )
    }
    return try Repository(at: path, opening: .password(password), client: client)
  }

  /// The repository's id: 64 hexadecimal digits, the same in every copy of it.
  public var id: String { "\(open.configuration.repositoryID)" }

  /// The snapshots, the oldest first.
  public func snapshots() throws(KistError) -> [Snapshot] {
    try KistError.explaining {
      try open.refresh()
      return try open.log.snapshots.map { Snapshot($0, try open.snapshot($0)) }
    }
  }

  /// The snapshot of this name: the start of an id, `latest`, or `latest~N`.
  public func snapshot(_ name: String) throws(KistError) -> Snapshot {
    try KistError.explaining {
      try open.refresh()
      let record = try open.findSnapshot(name)
      return Snapshot(record, try open.snapshot(record))
    }
  }

  private static func slotSecret(_ secret: Secret) throws -> SlotSecret {
    switch secret {
    case .password(let text): .passphrase(SecretBytes(copying: Array(text.utf8)), .least)
    case .recoveryKey(let text): .recoveryKey(try RecoveryKey(text: text).secret)
    }
  }

  /// What must be done once in a process, and may be done again: the limit of open files is raised, as far as the system lets.
  private static func prepare() throws {
    try ProcessEnvironment.raiseFileLimit()
    try Sodium.start()
  }
}

/// Who uses the repository, and where this machine keeps what it knows of it.
public struct Client: Sendable {
  /// Name of the machine in snapshots.
  public var host: String
  /// Name of the user in snapshots.
  public var user: String
  /// Name and version of the program in snapshots.
  public var program: String
  /// Folder for index, catalog and scan cache; `nil` is that of the command.
  public var cacheFolder: String?
  /// Folder for the writer's key and what was seen last; `nil` is that of the command.
  ///
  /// It is no cache: losing it means that a rollback cannot be noticed.
  public var stateFolder: String?

  /// A client with the names and folders of the command.
  public init() {
    host = ProcessEnvironment.hostName
    user = Surroundings.user
    program = Surroundings.program
  }

  func folders() throws -> ClientFolders {
    if let cacheFolder, let stateFolder {
      return ClientFolders(cache: cacheFolder, state: stateFolder)
    }
    let usual = try Surroundings.folders(cacheOption: cacheFolder)
    return ClientFolders(cache: usual.cache, state: stateFolder ?? usual.state)
  }
}
