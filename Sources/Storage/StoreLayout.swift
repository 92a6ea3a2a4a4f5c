package import CoreTypes
import Files
import Sodium

/// Makes the folders and fixed files of a new store.
///
/// Source: Formats/store.md.
package enum StoreLayout {
  /// Makes a store with a new id at `path`, which must be missing or an empty folder.
  package static func create(
    at path: String,
    configuration: [UInt8],
    blobs: [(BlobName, [UInt8])]
  ) throws(StorageError) {
    guard let id = StoreID(RandomBytes.make(count: StoreID.byteCount)) else {
      throw .damagedStoreID
    }
    try create(at: path, id: id, configuration: configuration, blobs: blobs)
  }

  /// Throws if `create` would find a repository or other files at `path`; changes nothing.
  package static func requireNone(at path: String) throws(StorageError) {
    let names: [[UInt8]]
    do {
      names = try DirectoryHandle.open(path: path).entries().map(\.name)
    } catch {
      // Not there, or not readable: making it tells.
      return
    }
    if names.contains(Array("kist".utf8)) { throw .alreadyThere(path: path) }
    if !names.isEmpty, !isBegun(at: path) { throw .notEmpty(path: path) }
  }

  /// Makes a store at `path`, which must be missing or an empty folder.
  ///
  /// The configuration is written last: a store without it is "interrupted".
  package static func create(
    at path: String,
    id: StoreID,
    configuration: [UInt8],
    blobs: [(BlobName, [UInt8])]
  ) throws(StorageError) {
    let (root, names) = try about(path) { () throws(FilesError) in
      let root = try DirectoryHandle.makePath(path, mode: 0o700)
      return (root, try root.entries().map(\.name))
    }
    if names.contains(Array("kist".utf8)) { throw .alreadyThere(path: path) }
    if !names.isEmpty {
      guard isBegun(at: path) else { throw .notEmpty(path: path) }
      try clearKeys(in: root, path: path)
    }
    let temporary = try about(path) { () throws(FilesError) in
      for folder in ["tmp"] + BlobKind.allCases.map(\.folder) {
        try makeFolder(folder, in: root)
      }
      let packs = try root.openSubdirectory(Array("packs".utf8))
      for shard in 0...UInt8.max {
        try makeFolder(Hexadecimal.text(of: [shard]), in: packs)
      }
      try packs.sync()
      let temporary = try root.openSubdirectory(Array("tmp".utf8))
      try writeFixed("store", StoreIdentityFile.encode(id), in: root, temporary: temporary)
      try writeFixed("commit.lock", [], in: root, temporary: temporary)
      try root.sync()
      return temporary
    }
    let store = try DirectoryStore(path: path)
    for (name, bytes) in blobs { try store.put(bytes, as: name) }
    try about(path) { () throws(FilesError) in
      try writeFixed("kist", configuration, in: root, temporary: temporary)
      try root.sync()
    }
  }

  /// Copies configuration, slots and keyring into the folder at `path`, which must be missing or
  /// empty, under the names that they have in a store.
  ///
  /// Returns the number of files.
  package static func exportKeys(
    of store: any BlobStore,
    to path: String
  ) throws(StorageError)
    -> Int
  {
    let (root, isEmpty) = try about(path) { () throws(FilesError) in
      let root = try DirectoryHandle.makePath(path, mode: 0o700)
      return (root, try root.entries().isEmpty)
    }
    guard isEmpty else { throw .notEmpty(path: path) }
    var count = 1
    let configuration = try store.readConfiguration()
    try about(path) { () throws(FilesError) in
      try writeFixed("kist", configuration, in: root, temporary: root)
    }
    for kind in [BlobKind.slot, .keyringEntry] {
      let folder = try about(path) { () throws(FilesError) in
        try makeFolder(kind.folder, in: root)
        return try root.openSubdirectory(Array(kind.folder.utf8))
      }
      for digest in try store.names(of: kind) {
        let bytes = try store.read(BlobName(kind, digest))
        try about(path) { () throws(FilesError) in
          try writeFixed(digest.description, bytes, in: folder, temporary: root)
        }
        count += 1
      }
    }
    try about(path) { () throws(FilesError) in try root.sync() }
    return count
  }

  /// Puts a configuration in the place of a damaged or missing one; the caller has proven that it is this repository's.
  package static func replaceConfiguration(
    of path: String,
    with configuration: [UInt8]
  ) throws(StorageError) {
    do {
      let root = try DirectoryHandle.open(path: path)
      let temporary = try root.openSubdirectory(Array("tmp".utf8))
      try writeFixed("kist", configuration, in: root, temporary: temporary)
    } catch {
      throw .failed(name: "kist", error)
    }
  }

  /// Gives the store at `path`, whose file `store` is lost or damaged, a new id that no other copy has.
  ///
  /// Throws if nothing else says that a store is there, or if the file is sound.
  package static func renumber(at path: String) throws(StorageError) {
    guard isStore(at: path) || holdsData(at: path) else { throw .noRepository(path: path) }
    guard let id = StoreID(RandomBytes.make(count: StoreID.byteCount)) else {
      throw .damagedStoreID
    }
    do {
      let root = try DirectoryHandle.open(path: path)
      let isSelecting = try root.entries().contains { $0.name == Array("selection".utf8) }
      let temporary = try root.openSubdirectory(Array("tmp".utf8))
      try writeFixed(
        "store",
        StoreIdentityFile.encode(id, holding: isSelecting ? .selection : .everything),
        in: root,
        temporary: temporary
      )
      try root.sync()
    } catch {
      throw .failed(name: "store", error)
    }
  }

  /// Removes keys that an interrupted `create` left, which nothing uses: they would not open with new ones.
  ///
  /// Throws, and removes nothing, if packs or records are there: a repository whose configuration was lost.
  private static func clearKeys(
    in root: DirectoryHandle,
    path: String
  ) throws(StorageError) {
    let isCleared = try about(path) { () throws(FilesError) in try clearKeys(in: root) }
    guard isCleared else { throw .notEmpty(path: path) }
  }

  /// As above; false if packs or records are there.
  private static func clearKeys(in root: DirectoryHandle) throws(FilesError) -> Bool {
    var keys: [(folder: DirectoryHandle, name: [UInt8])] = []
    for kind in BlobKind.allCases {
      let folder: DirectoryHandle
      do {
        folder = try root.openSubdirectory(Array(kind.folder.utf8))
      } catch {
        guard error.isNotFound else { throw error }
        continue
      }
      let names = try folder.entries().map(\.name)
      switch kind {
      case .slot, .keyringEntry: keys += names.map { (folder, $0) }
      case .pack:
        for shard in names {
          guard try folder.openSubdirectory(shard).entries().isEmpty else { return false }
        }
      case .record, .manifest:
        guard names.isEmpty else { return false }
      }
    }
    for key in keys { try key.folder.unlink(key.name) }
    return true
  }

  /// Does what only the folder at `path` can refuse.
  private static func about<Result>(
    _ path: String,
    _ body: () throws(FilesError) -> Result
  ) throws(StorageError) -> Result {
    do {
      return try body()
    } catch {
      throw .failed(name: path, error)
    }
  }

  /// True if the folder holds what `create` makes first.
  static func isBegun(at path: String) -> Bool {
    do {
      let names = try DirectoryHandle.open(path: path).entries().map(\.name)
      let own = (["tmp", "store", "commit.lock"] + BlobKind.allCases.map(\.folder)).map {
        Array($0.utf8)
      }
      return names.contains(Array("tmp".utf8)) && names.allSatisfy { own.contains($0) }
    } catch {
      return false
    }
  }

  private static func makeFolder(_ name: String, in parent: DirectoryHandle) throws(FilesError) {
    do {
      try parent.makeDirectory(Array(name.utf8), mode: 0o700)
    } catch {
      guard error.isExists else { throw error }
    }
  }

  private static func writeFixed(
    _ name: String,
    _ bytes: [UInt8],
    in folder: DirectoryHandle,
    temporary: DirectoryHandle
  ) throws(FilesError) {
    let file = try TemporaryFile(in: temporary)
    try file.append(bytes)
    try file.publish(as: Array(name.utf8), in: folder, replacing: .allow)
  }
}

/// The file `store`.
///
/// Source: Formats/store.md §2.
enum StoreIdentityFile {
  static let byteLimit = 256

  /// What the store holds of what its log requires.
  enum Extent: UInt8, CaseIterable {
    case everything = 1
    /// Only what its file `selection` lists.
    case selection = 2
  }

  static func encode(_ id: StoreID, holding extent: Extent = .everything) -> [UInt8] {
    let start = Array("kist store \(extent.rawValue)\n\(id)\n".utf8)
    return start + Array((check(start) + "\n").utf8)
  }

  /// True if the file, which was read before, says that the store holds a selection only.
  static func isSelecting(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: Array("kist store \(Extent.selection.rawValue)\n".utf8))
  }

  private static func check(_ start: [UInt8]) -> String {
    String(StoreCheck.hash(start).description.prefix(16))
  }
}

extension [UInt8] {
  /// The store id that a `store` file holds.
  func decodedStoreID() throws(StorageError) -> StoreID {
    let lines = String(decoding: self, as: UTF8.self).split(
      separator: "\n",
      omittingEmptySubsequences: false
    )
    guard lines.count == 4, let bytes = Hexadecimal.bytes(of: lines[1]), let id = StoreID(bytes),
      StoreIdentityFile.Extent.allCases.contains(where: {
        StoreIdentityFile.encode(id, holding: $0) == self
      })
    else { throw .damagedStoreID }
    return id
  }
}
