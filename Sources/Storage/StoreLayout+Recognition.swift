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
