import CoreTypes
import Files

extension DirectoryStore {
  package func orphans() throws(StorageError) -> [any OrphanedBlob] {
    let entries = try wrap("tmp") { () throws(FilesError) in try temporary.entries() }
    let names = Set(entries.map(\.name))
    var orphans: [any OrphanedBlob] = []
    for entry in entries {
      do throws(FilesError) {
        if entry.name.hasSuffix(CompanionFile.suffix) {
          guard try isUnfinished(entry.name) else { continue }
          let owner = Array(entry.name.dropLast(CompanionFile.suffix.count))
          // It goes with its file; one whose file has its name already is nothing any more.
          if !names.contains(owner) { try CompanionFile.remove(of: owner, in: temporary) }
          continue
        }
        guard try isUnfinished(entry.name) else { continue }
        // A file that can be locked has lost its writer.
        guard
          let lock = try AdvisoryLock.acquire(
            in: temporary,
            name: entry.name,
            waitMilliseconds: 0
          )
        else { continue }
        orphans.append(
          DirectoryOrphan(
            folder: temporary,
            name: entry.name,
            lock: lock,
            location: location + "/tmp/" + String(decoding: entry.name, as: UTF8.self)
          )
        )
      } catch {
        guard error.isNotFound else { throw .failed(name: "tmp", error) }
      }
    }
    return orphans
  }

  /// Whether something in `tmp` is a file that a writer may have left.
  private func isUnfinished(_ name: [UInt8]) throws(FilesError) -> Bool {
    let status = try temporary.status(of: name)
    return status.kind == .regular && status.size <= UInt64(BlobKind.pack.byteLimit)
  }

  package func strangers() throws(StorageError) -> [String] {
    var known: Set<String> = ["kist", "store", "tmp", "commit.lock"]
    // A file system of its own begins with it.
    known.insert("lost+found")
    // Where the store holds everything it means nothing: a crash may leave it.
    known.insert("selection")
    var strangers: [String] = []
    for kind in BlobKind.allCases {
      known.insert(kind.folder)
      for folder in try folders(of: kind) {
        let entries = try wrap(folder) { () throws(FilesError) in
          try subdirectory(folder).entries()
        }
        for entry in entries {
          let name = String(decoding: entry.name, as: UTF8.self)
          let fits =
            (entry.mayBeFile || kind != .pack) && Digest(hexadecimal: name)?.description == name
            && (kind != .pack || folder.hasSuffix("/" + name.prefix(2)))
          if !fits { strangers.append(folder + "/" + name) }
        }
      }
    }
    let top = try wrap(".") { () throws(FilesError) in try root.entries() }
    for entry in top {
      let name = String(decoding: entry.name, as: UTF8.self)
      if !known.contains(name) { strangers.append(name) }
    }
    for entry in try wrap("tmp", { () throws(FilesError) in try temporary.entries() }) {
      do throws(FilesError) {
        if try isUnfinished(entry.name) { continue }
      } catch {
        // Its writer has just finished it, or it cannot be looked at.
        if error.isNotFound { continue }
      }
      strangers.append("tmp/" + String(decoding: entry.name, as: UTF8.self))
    }
    let shards = try wrap("packs") { () throws(FilesError) in
      try subdirectory("packs").entries()
    }
    for entry in shards {
      let name = String(decoding: entry.name, as: UTF8.self)
      if name.utf8.count != 2 || Hexadecimal.bytes(of: name) == nil {
        strangers.append("packs/" + name)
      }
    }
    return strangers.sorted()
  }
}

extension [UInt8] {
  fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
    count > suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
  }
}
