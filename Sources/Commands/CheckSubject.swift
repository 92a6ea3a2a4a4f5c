import Backups
import Files
import Repositories
import Storage

/// What is checked: with keys where there is a password, else without.
enum CheckSubject {
  case open(OpenRepository)
  case keyless(KeylessRepository)

  /// The log as it is known now.
  var log: RecordLog {
    switch self {
    case .open(let repository): repository.log
    case .keyless(let repository): repository.log
    }
  }

  var configuration: Configuration {
    switch self {
    case .open(let repository): repository.configuration
    case .keyless(let repository): repository.configuration
    }
  }

  var store: any BlobStore {
    switch self {
    case .open(let repository): repository.store
    case .keyless(let repository): repository.store
    }
  }

  /// Whether there are keys to open what is checked.
  var opening: CheckText.Opening {
    switch self {
    case .open: .keyed
    case .keyless: .keyless
    }
  }

  /// Why nobody can open it; nothing if it is open.
  func keyLosses() throws -> [KeyFiles.Loss] {
    switch self {
    case .open: []
    case .keyless(let repository): try KeyFiles(of: repository.store).losses
    }
  }

  /// The same store and index, for what needs no key.
  func keyless() throws -> KeylessRepository {
    switch self {
    case .keyless(let repository): return repository
    case .open(let repository):
      guard let store = repository.store as? any BlobStore & CommitLocking else {
        throw Failure(.failed, "this store cannot be repaired from here")
      }
      return try KeylessRepository(store: store, index: repository.index)
    }
  }

  func check(_ reading: DataReading, progress: CheckProgress) throws -> CheckReport {
    switch self {
    case .open(let repository):
      try CheckPipeline(
        repository: repository,
        reading: reading,
        workerCount: RepositoryPlace.readerCount(repository.store),
        progress: { progress.reached(packs: $0, of: $1, bytes: $2) }
      ) { InterruptFlag.isRaised }.run()
    case .keyless(let repository):
      try KeylessCheckPipeline(
        repository: repository,
        reading: reading,
        workerCount: RepositoryPlace.readerCount(repository.store),
        progress: { progress.reached(packs: $0, of: $1, bytes: $2) }
      ) { InterruptFlag.isRaised }.run()
    }
  }
}
