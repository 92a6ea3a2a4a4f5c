package import Files

extension ClientFolders {
  /// The cache folder, if it holds caches of kist and nothing else; `nil` if something else is in it, or nothing is.
  ///
  /// A backup that left out a folder in which a person keeps other things would lose them.
  package var cacheInUse: FolderIdentity? {
    do {
      let folder = try DirectoryHandle.open(path: cache)
      guard try ClientFolders.holdsOnlyCaches(folder) else { return nil }
      return FolderIdentity(try folder.status())
    } catch {
      // What cannot be looked at is not left out.
      return nil
    }
  }

  /// Marks the cache folder as one that can be made anew, so that other programs leave it out of their backups.
  ///
  /// Only one that holds nothing else: the tag takes everything below it out of backups.
  ///
  /// Source: Cache Directory Tagging Specification, bford.info/cachedir.
  package func tagCache() {
    do {
      let folder = try DirectoryHandle.makePath(cache, mode: ClientFolders.mode)
      let names = try folder.entries().map(\.name)
      guard !names.contains(ClientFolders.tagName), try ClientFolders.holdsOnlyCaches(folder) else {
        return
      }
      let file = try TemporaryFile(in: folder)
      try file.append(ClientFolders.tag)
      try file.publish(as: ClientFolders.tagName, in: folder, replacing: .refuse)
    } catch {
      // Ignored: the tag is a courtesy, and whatever is wrong with the folder is told by who needs it.
    }
  }

  private static func holdsOnlyCaches(_ folder: DirectoryHandle) throws(FilesError) -> Bool {
    for entry in try folder.entries() where entry.name != tagName {
      guard let digits = digitCounts[entry.name] else { return false }
      for below in try folder.openSubdirectory(entry.name).entries() {
        guard below.name.count == digits, below.name.allSatisfy(isHexadecimal) else { return false }
      }
    }
    return true
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  /// What the folder holds: folders that are named by ids, each with so many digits.
  private static let digitCounts = [Array("stores".utf8): 32, Array("repositories".utf8): 64]
  private static let tagName = Array("CACHEDIR.TAG".utf8)
  private static let tag = Array(
    """
    Signature: 8a477f597d28d172789f06886806bc55
    # This folder holds caches of kist, which are made anew when they are needed.
    # What the mark means: https://bford.info/cachedir/

    """.utf8
  )
  /// For the owner alone.
  private static let mode: UInt16 = 0o700
}
