import CoreTypes
import Files

extension DirectoryStore {
  /// The file `selection`; `nil` if the store holds everything, empty if the file is gone or no such file can be.
  package func readSelection() throws(StorageError) -> [UInt8]? {
    do {
      let identity = try root.openForReading(Array("store".utf8))
        .readAll(limit: StoreIdentityFile.byteLimit)
      guard StoreIdentityFile.isSelecting(identity) else { return nil }
    } catch {
      throw .failed(name: "store", error)
    }
    do {
      return try root.openForReading(Array("selection".utf8)).readAll(limit: selectionByteLimit)
    } catch {
      guard
        error.isNotFound || error.isADirectory || error.isNotADirectory || error.isTooLarge
      else {
        throw .failed(name: "selection", error)
      }
      return []
    }
  }

  /// Says what the store holds; the file `store` says that something may be missing, and behind that it does not change.
  package func writeSelection(_ bytes: [UInt8]?) throws(StorageError) {
    do throws(FilesError) {
      if let bytes {
        try replace("selection", by: bytes)
        try replace("store", by: StoreIdentityFile.encode(id, holding: .selection))
      } else {
        try replace("store", by: StoreIdentityFile.encode(id, holding: .everything))
        do throws(FilesError) {
          try root.unlink(Array("selection".utf8))
          try root.sync()
        } catch {
          guard error.isNotFound else { throw error }
        }
      }
    } catch {
      if error.isADirectory { throw .misplaced(name: "selection") }
      throw .failed(name: "selection", error)
    }
  }

  private func replace(_ name: String, by bytes: [UInt8]) throws(FilesError) {
    let file = try TemporaryFile(in: temporary)
    try file.append(bytes)
    try file.publish(as: Array(name.utf8), in: root, replacing: .allow)
  }
}

/// Bytes of the file `selection` that are read at most: 4 MiB.
private let selectionByteLimit = 4 << 20
