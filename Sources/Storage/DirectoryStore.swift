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
  let openPacks = Mutex(OpenPacks())

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
      // What stands in the place of a pack holds nothing: `strangers` names it. In that of a small file it is damage.
      for entry in entries where entry.mayBeFile || kind != .pack {
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

  static func openOrMake(
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

  func folder(of name: BlobName) throws(FilesError) -> DirectoryHandle {
    switch name.kind {
    case .pack: try subdirectory("packs/" + name.digest.description.prefix(2))
    case .slot, .keyringEntry, .manifest, .record: try subdirectory(name.kind.folder)
    }
  }

  func subdirectory(_ path: String) throws(FilesError) -> DirectoryHandle {
    var handle = root
    for part in path.split(separator: "/") {
      handle = try handle.openSubdirectory(Array(part.utf8))
    }
    return handle
  }

  func folders(of kind: BlobKind) throws(StorageError) -> [String] {
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

  func wrap<Result>(
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
      let holdsData = StoreLayout.holdsData(at: path)
      if name == "store", holdsData || StoreLayout.isStore(at: path) { throw .damagedStoreID }
      if name == "kist", holdsData { throw .lostConfiguration(path: path) }
      let begun = StoreLayout.isBegun(at: path)
      throw begun ? .interruptedInit(path: path) : .noRepository(path: path)
    }
  }
}

extension BlobName {
  /// The name inside its folder.
  var fileName: [UInt8] { Array(digest.description.utf8) }
}
