package import CoreTypes
import Files
import Synchronization

/// A store in a folder of a local file system.
///
/// Source: Formats/store.md.
package final class DirectoryStore: BlobStore, CommitLocking {
  package let id: StoreID
  package let location: String
  let root: DirectoryHandle
  let temporary: DirectoryHandle
  private let openPacks = Mutex(OpenPacks())

  /// Packs kept open for reading at once.
  private static let openPackLimit = 64

  /// Opens the store in the folder at `path`.
  package init(path: String) throws(StorageError) {
    location = path
    do {
      root = try DirectoryHandle.open(path: path)
    } catch {
      if error.isNotFound || error.isNotADirectory { throw .noRepository(path: path) }
      throw .failed(name: path, error)
    }
    let root = root
    id = try DirectoryStore.named("store", at: path) { () throws(FilesError) in
      try root.openForReading(Array("store".utf8)).readAll(limit: StoreIdentityFile.byteLimit)
    }.decodedStoreID()
    temporary = try DirectoryStore.named("tmp", at: path) { () throws(FilesError) in
      try DirectoryStore.openOrMake(Array("tmp".utf8), in: root)
    }
  }

  package func readConfiguration() throws(StorageError) -> [UInt8] {
    try DirectoryStore.named("kist", at: location) { () throws(FilesError) in
      try root.openForReading(Array("kist".utf8)).readAll(limit: 65_536)
    }
  }

  package func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    var names: [Digest] = []
    for folder in try folders(of: kind) {
      let entries = try wrap(folder) { () throws(FilesError) in
        try subdirectory(folder).entries()
      }
      for entry in entries {
        if let digest = Digest(hexadecimal: String(decoding: entry.name, as: UTF8.self)) {
          names.append(digest)
        }
      }
    }
    return names
  }

  package func byteCount(of name: BlobName) throws(StorageError) -> Int {
    do {
      return Int(try folder(of: name).status(of: name.fileName).size)
    } catch {
      throw error.isNotFound ? .missing(name) : .failed(name: name.description, error)
    }
  }

  package func arrival(of name: BlobName) throws(StorageError) -> PointInTime? {
    do {
      let change = try folder(of: name).status(of: name.fileName).change
      return PointInTime(seconds: change.seconds, nanoseconds: change.nanoseconds)
    } catch {
      throw error.isNotFound ? .missing(name) : .failed(name: name.description, error)
    }
  }

  package func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    let size = try byteCount(of: name)
    guard size <= name.kind.byteLimit else {
      throw .tooLarge(name.description, byteCount: size, limit: name.kind.byteLimit)
    }
    return try read(name, from: 0, count: size)
  }

  package func read(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(StorageError)
    -> [UInt8]
  {
    guard offset >= 0, count >= 0 else { throw .short(name, needed: count, found: 0) }
    let bytes: [UInt8]
    do {
      bytes = try open(name).read(at: Int64(offset), upTo: count)
    } catch {
      throw error.isNotFound ? .missing(name) : .failed(name: name.description, error)
    }
    guard bytes.count == count else { throw .short(name, needed: count, found: bytes.count) }
    return bytes
  }

  package func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    if try isThere(name), try replaceDamaged(bytes, name) { return }
    let blob = try newBlob()
    do {
      try blob.append(bytes)
      try blob.publish(as: name)
    } catch {
      blob.abandon()
      throw error
    }
  }

  private func isThere(_ name: BlobName) throws(StorageError) -> Bool {
    guard name.kind != .pack else { return false }
    do throws(StorageError) {
      _ = try byteCount(of: name)
      return true
    } catch {
      guard case .missing = error else { throw error }
      return false
    }
  }

  package func confirm(_ names: [BlobName]) throws(StorageError) {
    var folders: Set<String> = []
    for name in names {
      let folder = name.kind == .pack ? String(name.digest.description.prefix(2)) : name.kind.folder
      guard folders.insert(folder).inserted else { continue }
      do {
        try self.folder(of: name).sync()
      } catch {
        throw .failed(name: name.description, error)
      }
    }
  }

  package func newBlob() throws(StorageError) -> any UnfinishedBlob {
    let file = try wrap("tmp") { () throws(FilesError) in
      try TemporaryFile(in: temporary)
    }
    return DirectoryBlob(file: file, in: temporary, store: self)
  }

  package func remove(_ name: BlobName) throws(StorageError) {
    do {
      let folder = try folder(of: name)
      try folder.unlink(name.fileName)
      try folder.sync()
    } catch {
      throw error.isNotFound ? .missing(name) : .failed(name: name.description, error)
    }
    openPacks.withLock { $0.forget(name) }
  }

  package func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  )
    throws(StorageError) -> CommitAnswer
  {
    try withCommitLock { () throws(StorageError) in
      let newer = try names(of: .record).filter { !seen.contains($0) }
      guard newer.isEmpty else { return .newer(newer) }
      // Docs/model.md, rule 15.
      guard try readSelection() == nil else { throw .selecting(location: location) }
      try put(record, as: BlobName(.record, digest))
      return .done
    }
  }

  package func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let lock = try wrap("commit.lock") { () throws(FilesError) in
      try AdvisoryLock.acquire(
        in: root,
        name: Array("commit.lock".utf8),
        waitMilliseconds: 60_000
      )
    }
    guard let lock else { throw .busy(path: location) }
    defer { lock.release() }
    return try body()
  }

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
            Digest(hexadecimal: name)?.description == name
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

  // MARK: Folders and open files

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

  /// Whether a file that waits for its name has the content of the one that has the name.
  private func isSame(
    _ file: TemporaryFile,
    _ name: [UInt8],
    in folder: DirectoryHandle
  ) throws(FilesError) -> Bool {
    let status = try folder.status(of: name)
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
  private func replaceDamaged(_ bytes: [UInt8], _ name: BlobName) throws(StorageError) -> Bool {
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
      try file.publish(as: name.fileName, in: try folder(of: name), replacing: .allow)
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

  private static func openOrMake(
    _ name: [UInt8],
    in folder: DirectoryHandle
  ) throws(FilesError) -> DirectoryHandle {
    do {
      return try folder.openSubdirectory(name)
    } catch {
      guard error.isNotFound else { throw error }
    }
    do {
      try folder.makeDirectory(name, mode: 0o700)
      try folder.sync()
    } catch {
      guard error.isExists else { throw error }
    }
    return try folder.openSubdirectory(name)
  }

  private func folder(of name: BlobName) throws(FilesError) -> DirectoryHandle {
    switch name.kind {
    case .pack: try subdirectory("packs/" + name.digest.description.prefix(2))
    case .slot, .keyringEntry, .manifest, .record: try subdirectory(name.kind.folder)
    }
  }

  private func subdirectory(_ path: String) throws(FilesError) -> DirectoryHandle {
    var handle = root
    for part in path.split(separator: "/") {
      handle = try handle.openSubdirectory(Array(part.utf8))
    }
    return handle
  }

  private func folders(of kind: BlobKind) throws(StorageError) -> [String] {
    guard kind == .pack else { return [kind.folder] }
    return try wrap("packs") { () throws(FilesError) in
      try subdirectory("packs").entries().map { String(decoding: $0.name, as: UTF8.self) }
        .filter { $0.utf8.count == 2 && Hexadecimal.bytes(of: $0) != nil }
        .map { "packs/" + $0 }
    }
  }

  private func open(_ name: BlobName) throws(FilesError) -> OpenFile {
    if name.kind == .pack, let file = openPacks.withLock({ $0.file(name) }) { return file }
    let file = try folder(of: name).openForReading(name.fileName)
    if name.kind == .pack {
      openPacks.withLock { $0.keep(file, name, limit: DirectoryStore.openPackLimit) }
    }
    return file
  }

  private func wrap<Result>(
    _ name: String,
    _ body: () throws(FilesError) -> Result
  )
    throws(StorageError) -> Result
  {
    do {
      return try body()
    } catch {
      throw .failed(name: name, error)
    }
  }

  /// Reads a part of a store that is being opened; what is missing says whether `init` was cut short.
  private static func named<Result>(
    _ name: String,
    at path: String,
    _ body: () throws(FilesError) -> Result
  ) throws(StorageError) -> Result {
    do {
      return try body()
    } catch {
      if error.isADirectory || error.isNotADirectory { throw .misplaced(name: name) }
      guard error.isNotFound else { throw .failed(name: "\(path)/\(name)", error) }
      if name == "store", StoreLayout.isStore(at: path) { throw .damagedStoreID }
      let begun = StoreLayout.isBegun(at: path)
      throw begun ? .interruptedInit(path: path) : .noRepository(path: path)
    }
  }
}

/// A few packs that stay open, so that reading an object is one call.
private struct OpenPacks {
  private var files: [BlobName: OpenFile] = [:]
  private var order: [BlobName] = []

  func file(_ name: BlobName) -> OpenFile? { files[name] }

  mutating func keep(_ file: OpenFile, _ name: BlobName, limit: Int) {
    if files.updateValue(file, forKey: name) == nil { order.append(name) }
    while order.count > limit { files[order.removeFirst()] = nil }
  }

  mutating func forget(_ name: BlobName) {
    files[name] = nil
    order.removeAll { $0 == name }
  }
}

extension [UInt8] {
  fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
    count > suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
  }
}

extension BlobName {
  /// The name inside its folder.
  var fileName: [UInt8] { Array(digest.description.utf8) }
}
