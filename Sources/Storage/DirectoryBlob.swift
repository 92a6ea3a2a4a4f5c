import CoreTypes
import Files
import Synchronization

/// A file that is being written to a store in a folder, and its companion.
final class DirectoryBlob: UnfinishedBlob {
  private let file: TemporaryFile
  private let store: DirectoryStore
  private let companion: CompanionFile
  private let kept = Mutex<[UInt8]>([])

  init(file: TemporaryFile, in folder: DirectoryHandle, store: DirectoryStore) {
    self.file = file
    self.store = store
    companion = CompanionFile(of: file.name, in: folder)
  }

  deinit { companion.remove() }

  func append(_ bytes: [UInt8]) throws(StorageError) {
    do {
      try file.append(bytes)
    } catch {
      throw .failed(name: "tmp", error)
    }
  }

  func keep(_ bytes: [UInt8]) throws(StorageError) {
    do {
      // A head is what its id is made of: only its own hash tells that it is as it was.
      try companion.append(bytes + StoreCheck.hash(bytes).bytes)
    } catch {
      throw .failed(name: "tmp", error)
    }
    kept.withLock { $0 += bytes }
  }

  func appendKept() throws(StorageError) {
    try append(
      kept.withLock { kept in
        defer { kept = [] }
        return kept
      }
    )
  }

  func flush() throws(StorageError) {
    do {
      try file.flush()
      try companion.sync()
    } catch {
      throw .failed(name: "tmp", error)
    }
  }

  func publish(as name: BlobName) throws(StorageError) {
    try store.publish(file, as: name)
    companion.remove()
  }

  func abandon() {
    file.discard()
    companion.remove()
  }

  func leave() {
    companion.leave()
    file.leave()
  }
}

/// A file that a dead process left in a store in a folder.
final class DirectoryOrphan: OrphanedBlob {
  let location: String
  private let folder: DirectoryHandle
  private let name: [UInt8]
  private let lock: AdvisoryLock

  init(folder: DirectoryHandle, name: [UInt8], lock: AdvisoryLock, location: String) {
    self.folder = folder
    self.name = name
    self.lock = lock
    self.location = location
  }

  func read() throws(StorageError) -> [UInt8] {
    do {
      return try folder.openForReading(name).readAll(limit: BlobKind.pack.byteLimit)
    } catch {
      throw .failed(name: location, error)
    }
  }

  func readKept() throws(StorageError) -> [UInt8] {
    do {
      return try CompanionFile.read(of: name, in: folder, limit: BlobKind.pack.byteLimit)
    } catch {
      // Whatever stands there is no companion: without heads, a reader with keys finds the objects.
      return []
    }
  }

  func remove() throws(StorageError) {
    do {
      try folder.unlink(name)
    } catch {
      throw .failed(name: location, error)
    }
    do {
      try CompanionFile.remove(of: name, in: folder)
    } catch {
      // Ignored: what stands there is no companion, and `check` names it.
    }
    lock.release()
  }
}
