import CoreTypes
package import Files

extension StoreLayout {
  /// Whether a folder is a store, whole or damaged: it has the folders of packs and records, and one of the fixed files.
  package static func isStore(_ folder: DirectoryHandle) throws(FilesError) -> Bool {
    for kind in [BlobKind.pack, .record] {
      guard try Self.kind(of: kind.folder, in: folder) == .directory else { return false }
    }
    for file in ["kist", "store"] where try Self.kind(of: file, in: folder) == .regular {
      return true
    }
    return false
  }

  /// As above; what cannot be looked into is none.
  static func isStore(at path: String) -> Bool {
    do {
      return try isStore(DirectoryHandle.open(path: path))
    } catch {
      return false
    }
  }

  /// Whether packs or records lie in a folder: then it is a repository, whichever fixed files are gone.
  ///
  /// What cannot be looked into holds none.
  static func holdsData(at path: String) -> Bool {
    do {
      let root = try DirectoryHandle.open(path: path)
      if try holdsBlob(Array(BlobKind.record.folder.utf8), in: root) { return true }
      let packs = try root.openSubdirectory(Array(BlobKind.pack.folder.utf8))
      for shard in try packs.entries() where shard.name.count == 2 {
        if try holdsBlob(shard.name, in: packs) { return true }
      }
      return false
    } catch {
      return false
    }
  }

  /// Whether a folder holds a file that has a hash for its name; false if it is no folder.
  private static func holdsBlob(
    _ name: [UInt8],
    in parent: DirectoryHandle
  ) throws(FilesError) -> Bool {
    let folder: DirectoryHandle
    do {
      folder = try parent.openSubdirectory(name)
    } catch {
      guard error.isNotFound || error.isNotADirectory else { throw error }
      return false
    }
    return try folder.entries().contains { entry in
      entry.mayBeFile && Digest(hexadecimal: String(decoding: entry.name, as: UTF8.self)) != nil
    }
  }

  private static func kind(
    of name: String,
    in folder: DirectoryHandle
  ) throws(FilesError) -> FileKind? {
    do {
      return try folder.status(of: Array(name.utf8)).kind
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }
}
