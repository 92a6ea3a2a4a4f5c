import Repositories
import CoreTypes
import Sodium
import TestSupport

/// A program that writes to the store in memory, with caches of its own.
final class Party {
  let name: String
  let folder: TemporaryFolder
  var repository: OpenRepository
  let signer: SigningKey
  /// Chunks that it must find stored: what the store had when it last looked, and what it brought.
  var known: Set<ChunkID> = []

  init(_ name: String, in folder: TemporaryFolder, opening unlocked: UnlockedRepository) throws {
    self.name = name
    self.folder = folder
    let folders = Party.folders(name, in: folder)
    repository = try unlocked.open(folders: folders)
    let memory = try ClientMemory(
      stateFolder: folders.state,
      repository: repository.configuration.repositoryID
    )
    signer = try WriterEnrolment(repository: repository, memory: memory)
      .signer(label: name, host: name, time: PointInTime(seconds: 0))
  }

  static func folders(_ name: String, in folder: TemporaryFolder) -> ClientFolders {
    ClientFolders(cache: folder.path + "/cache-" + name, state: folder.path + "/state-" + name)
  }

  func open(_ unlocked: UnlockedRepository) throws {
    repository = try unlocked.open(folders: Party.folders(name, in: folder))
  }

  func loseCaches() throws { try folder.remove("cache-" + name) }
}
