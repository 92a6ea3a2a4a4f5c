import CoreTypes
import Files
import Synchronization

extension DirectoryStore {
  /// Gives a whole file its name.
  ///
  /// The same name is the same content, unless what is there is damaged. A pack is compared, and takes the place of one that
  /// differs: its content was proven before it came here.
  func publish(_ file: TemporaryFile, as name: BlobName) throws(StorageError) {
    do {
      let folder = try folderForWriting(of: name)
      do throws(FilesError) {
        try file.publish(as: name.fileName, in: folder, replacing: .refuse)
      } catch {
        guard error.isExists else { throw error }
        try moveFolderAside(name.fileName, in: folder)
        if name.kind == .pack, try !isSame(file, name.fileName, in: folder) {
          try file.publish(as: name.fileName, in: folder, replacing: .allow)
          openPacks.withLock { $0.forget(name) }
          return
        }
        let there = try folder.status(of: name.fileName).size
        file.discard()
        guard there == UInt64(file.byteCount) else { throw FilesError.stale(name.fileName) }
        // Whoever renamed it may not have lived to sync the folder.
        try folder.sync()
      }
    } catch let error as FilesError {
      throw error.isStale ? .conflict(name) : .failed(name: name.description, error)
    } catch {
      throw .conflict(name)
    }
  }

  /// A folder in the place of a file holds nothing of the store, and what it holds is somebody's: it gets another name.
  private func moveFolderAside(
    _ name: [UInt8],
    in folder: DirectoryHandle
  ) throws(FilesError) {
    guard try folder.status(of: name).kind == .directory else { return }
    let aside = name + Array(".folder".utf8)
    try folder.rename(name, to: folder, aside, replacing: .refuse)
  }

  /// Whether a file that waits for its name has the content of the one that has the name.
  private func isSame(
    _ file: TemporaryFile,
    _ name: [UInt8],
    in folder: DirectoryHandle
  ) throws(FilesError) -> Bool {
    let status: FileStatus
    do {
      status = try folder.status(of: name)
    } catch {
      guard error.isNotFound else { throw error }
      return false
    }
    guard status.kind == .regular, status.size == UInt64(file.byteCount) else { return false }
    let (one, other) = (
      try temporary.openForReading(file.name), try folder.openForReading(name)
    )
    var offset: Int64 = 0
    while offset < Int64(file.byteCount) {
      let bytes = try one.read(at: offset, upTo: 1 << 20)
      guard !bytes.isEmpty else { return false }
      do throws(FilesError) {
        guard try other.read(at: offset, upTo: 1 << 20) == bytes else { return false }
      } catch {
        // Unreadable is as good as damaged.
        return false
      }
      offset += Int64(bytes.count)
    }
    return true
  }

  /// Puts a file in the place of a damaged one, which goes when the sound one is durable.
  ///
  /// Only bytes that hash to the name replace anything, and only something that does not: a pack is never replaced.
  func replaceDamaged(_ bytes: [UInt8], _ name: BlobName) throws(StorageError) -> Bool {
    guard name.kind != .pack, StoreCheck.hash(bytes) == name.digest else { return false }
    do throws(StorageError) {
      guard StoreCheck.hash(try read(name)) != name.digest else { return false }
    } catch {
      switch error {
      case .missing: return false
      // Longer than anything of its kind, or unreadable: damaged in any case.
      default: break
      }
    }
    do throws(FilesError) {
      let file = try TemporaryFile(in: temporary)
      try file.append(bytes)
      let folder = try folder(of: name)
      try moveFolderAside(name.fileName, in: folder)
      try file.publish(as: name.fileName, in: folder, replacing: .allow)
    } catch {
      throw .failed(name: name.description, error)
    }
    return true
  }

  /// The folder of a file that is about to be written; one that got lost with all that was in it is made anew.
  private func folderForWriting(of name: BlobName) throws(FilesError) -> DirectoryHandle {
    guard name.kind == .pack else { return try folder(of: name) }
    let packs = try DirectoryStore.openOrMake(Array("packs".utf8), in: root)
    return try DirectoryStore.openOrMake(
      Array(name.digest.description.utf8.prefix(2)),
      in: packs
    )
  }
}
