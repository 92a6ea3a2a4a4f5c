package import Files

extension DirectoryHandle {
  /// Makes a further name of a file in this folder, also of one whose flags forbid it.
  ///
  /// The flags are taken away for as long as that takes. Source: linkat(2), EPERM.
  package func linkUnlocked(
    _ name: [UInt8],
    to folder: DirectoryHandle,
    _ newName: [UInt8]
  ) throws(FilesError) {
    do {
      return try makeHardLink(from: name, to: folder, newName)
    } catch {
      guard error.isPermission, try status(of: name).kind == .regular else { throw error }
      let file = try openForReading(name)
      guard let flags = try file.inodeFlags(), flags & EntryWriter.lockingFlags != 0 else {
        throw error
      }
      try file.setInodeFlags(replacing: flags & ~EntryWriter.lockingFlags)
      var failure: FilesError?
      do throws(FilesError) {
        try makeHardLink(from: name, to: folder, newName)
      } catch {
        failure = error
      }
      try file.setInodeFlags(replacing: flags)
      if let failure { throw failure }
    }
  }
}
