import TestSupport
import CoreTypes

@testable import Storage

let configurationBytes = Array("a configuration".utf8)

func digest(_ number: UInt64) -> Digest { Digest(words: number << 56, 2, 3, number) }

func storeID(_ byte: UInt8) throws -> StoreID {
  guard let id = StoreID([UInt8](repeating: byte, count: 16)) else {
    throw StorageError.damagedStoreID
  }
  return id
}

/// Makes a store in a folder that is missing yet.
func makeStore(in folder: TemporaryFolder) throws -> DirectoryStore {
  let path = folder.path + "/store"
  try StoreLayout.create(
    at: path,
    id: try storeID(7),
    configuration: configurationBytes,
    blobs: [(BlobName(.slot, digest(1)), [1, 2, 3])]
  )
  return try DirectoryStore(path: path)
}

/// The stores that must behave alike.
enum Kind: CaseIterable {
  case memory
  case directory

  func make(in folder: TemporaryFolder) throws -> any BlobStore {
    switch self {
    case .memory:
      let store = MemoryStore(id: try storeID(7), configuration: configurationBytes)
      try store.put([1, 2, 3], as: BlobName(.slot, digest(1)))
      return store
    case .directory: return try makeStore(in: folder)
    }
  }
}
