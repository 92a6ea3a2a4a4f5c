import CoreTypes
import Sealing
import Sodium
import Storage
import TestSupport

@testable import Packing

func makeKeyring() throws -> Keyring {
  let repository = RepositoryID(PlainHash.of([1]))
  let sealer = KeyringSealer(repository: repository, keyringKey: SecretBytes(random: 32))
  let time = PointInTime(seconds: 1)
  let entries = [
    try sealer.open(try sealer.newDataKey(made: time)),
    try sealer.open(try sealer.newIdentityKey(made: time)),
  ]
  guard let keyring = Keyring(repository: repository, entries: entries) else {
    throw SealingError.malformed(what: "test keyring")
  }
  return keyring
}

func makeObject(_ chunks: [[UInt8]], _ keyring: Keyring) throws -> SealedObject {
  let ids = chunks.map { keyring.currentIdentityKey.chunkID(of: $0.span, kind: .data) }
  let plaintext = chunks.flatMap(\.self)
  var sealer = try ObjectSealer(
    key: keyring.currentDataKey,
    identityKey: keyring.currentIdentityKey.id,
    compression: .standard
  )
  return try sealer.seal(
    kind: .data,
    chunkIDs: ids,
    lengths: chunks.map(\.count),
    plaintext: plaintext.span
  ).named()
}

func makeMemoryStore() throws -> MemoryStore {
  guard let id = StoreID([UInt8](repeating: 1, count: 16)) else {
    throw StorageError.damagedStoreID
  }
  return MemoryStore(id: id, configuration: [])
}

/// A pack of three objects, with what went into it.
struct SamplePack {
  let keyring: Keyring
  let objects: [SealedObject]
  let pack: WrittenPack
  let bytes: [UInt8]

  init() throws {
    keyring = try makeKeyring()
    objects = [
      try makeObject([[1, 2, 3]], keyring),
      try makeObject((1...20).map { Array(repeating: UInt8($0), count: 50) }, keyring),
      try makeObject([Array("third".utf8), Array("fourth".utf8)], keyring),
    ]
    let store = try makeMemoryStore()
    var writer = try PackWriter(in: store)
    for object in objects { try writer.append(object) }
    pack = try writer.finish()
    bytes = try store.read(BlobName(.pack, pack.id.digest))
  }

  /// A store that holds the pack with other bytes.
  func store(holding bytes: [UInt8]) throws -> MemoryStore {
    let store = try makeMemoryStore()
    try store.put(bytes, as: BlobName(.pack, pack.id.digest))
    return store
  }
}
