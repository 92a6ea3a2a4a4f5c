import TestSupport
import Chunking
import CoreTypes
import Packing
import Sealing
import Sodium
import Storage
import Trees

@testable import Repositories

let someTime = PointInTime(seconds: 1_700_000_000, nanoseconds: 9)

func digest(_ number: UInt64) -> Digest { Digest(words: number << 32, 2, 3, number) }

/// A root key and its configuration.
struct Root {
  let key = SigningKey(seed: SecretBytes(random: 32))
  let configuration: Configuration

  init() {
    configuration = Configuration(
      rootPublicKey: key.publicKey,
      chunking: .standard,
      made: someTime
    )
  }
}

func writer(_ key: SigningKey) throws -> Digest {
  guard let digest = Digest(key.publicKey) else {
    throw RepositoryError.damagedConfiguration(reason: "test key")
  }
  return digest
}

func makeDataKey() throws -> Keyring {
  let repository = RepositoryID(digest(1))
  let sealer = KeyringSealer(repository: repository, keyringKey: SecretBytes(random: 32))
  let entries = [
    try sealer.open(try sealer.newDataKey(made: someTime)),
    try sealer.open(try sealer.newIdentityKey(made: someTime)),
  ]
  guard let keyring = Keyring(repository: repository, entries: entries) else {
    throw SealingError.malformed(what: "test keyring")
  }
  return keyring
}

/// A repository on disk with a recovery key as its only slot, and its client's folders.
struct Sample {
  let folder: TemporaryFolder
  let recovery = RecoveryKey()
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/store"
    _ = try RepositoryCreation.create(
      at: path,
      secret: .recoveryKey(recovery.secret),
      note: KeySlot.Note(label: "first", made: someTime),
      chunking: .standard,
      time: someTime
    )
  }

  func unlock() throws -> UnlockedRepository {
    try UnlockedRepository(
      store: try DirectoryStore(path: path),
      secret: .recoveryKey(recovery.secret)
    )
  }

  /// Opens as a client with folders of its own.
  func open(client: String = "one") throws -> OpenRepository {
    try unlock().open(folders: folders(client))
  }

  func folders(_ client: String) -> ClientFolders {
    ClientFolders(
      cache: folder.path + "/\(client)/cache",
      state: folder.path + "/\(client)/state"
    )
  }

  func enrolment(of repository: OpenRepository, client: String) throws -> WriterEnrolment {
    WriterEnrolment(
      repository: repository,
      memory: try ClientMemory(
        stateFolder: folders(client).state,
        repository: repository.configuration.repositoryID
      )
    )
  }

  func signer(of repository: OpenRepository, client: String) throws -> SigningKey {
    try enrolment(of: repository, client: client)
      .signer(label: client, host: "host", time: someTime)
  }
}

/// Stores `content` as one object of one chunk, if the session needs it.
@discardableResult
func store(
  _ content: [UInt8],
  session: WriteSession,
  repository: OpenRepository
) throws -> ChunkID {
  let naming = repository.keyring.currentIdentityKey
  let id = naming.chunkID(of: content.span, kind: .data)
  guard try !session.isStored(id) else { return id }
  var sealer = try ObjectSealer(
    key: repository.keyring.currentDataKey,
    identityKey: naming.id,
    compression: .off
  )
  var pack = try PackWriter(in: repository.store)
  let object = try sealer.seal(
    kind: .data,
    chunkIDs: [id],
    lengths: [content.count],
    plaintext: content.span
  ).named()
  try pack.append(object)
  try session.enter(try pack.finish())
  return id
}
