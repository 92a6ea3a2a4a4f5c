internal import Glibc

/// A folder of files that can be made anew, in a folder with others of its kind.
package struct LocalFolder: Sendable {
  package let path: String
  private let parent: DirectoryHandle
  private let name: [UInt8]
  private static let mode: UInt16 = 0o700
  private static let lockWaitMilliseconds = 10_000

  /// The folder at `path`, which is made for its owner alone if it is not there.
  package init(_ path: String) throws(FilesError) {
    let slash = UInt8(ascii: "/")
    let parts = Array(path.utf8).split(separator: slash)
    guard let last = parts.last else { throw FilesError("mkdir", Array(path.utf8), EINVAL) }
    self.path = path
    name = Array(last)
    let start = path.utf8.first == slash ? [slash] : []
    let above = start + parts.dropLast().joined(separator: [slash])
    parent = try DirectoryHandle.makePath(
      above.isEmpty ? [UInt8(ascii: ".")] : above,
      mode: LocalFolder.mode
    )
    try make()
  }

  /// Runs `body` while no other process does so for a folder beside it.
  ///
  /// Who opens files in it by name then opens what belongs together. Throws EWOULDBLOCK if another
  /// takes too long, and what `body` throws.
  package func locked<Result>(_ body: () throws -> Result) throws -> Result {
    try parent.lock(waitMilliseconds: LocalFolder.lockWaitMilliseconds)
    defer { parent.unlock() }
    return try body()
  }

  private func make() throws(FilesError) {
    _ = try DirectoryHandle.makePath(path, mode: LocalFolder.mode)
  }

  /// True if it lies on a file system of another machine or process.
  package func isRemote() throws(FilesError) -> Bool { try FileSystem.read(path: path).isRemote }

  /// True if it has a file of this name.
  package func has(_ file: String) throws(FilesError) -> Bool {
    do {
      _ = try DirectoryHandle.open(path: path).status(of: Array(file.utf8))
      return true
    } catch {
      guard error.isNotFound else { throw error }
      return false
    }
  }

  /// True if a mebibyte does not fit into the folder at `path` any more; tried, as quotas are told by nothing else.
  package static func isFull(_ path: String) -> Bool {
    do {
      let file = try TemporaryFile(in: try DirectoryHandle.open(path: path))
      defer { file.discard() }
      try file.append([UInt8](repeating: 0xA5, count: triedByteCount))
      try file.flush()
      return false
    } catch {
      return error.isNoSpace
    }
  }

  private static let triedByteCount = 1 << 20

  /// Removes the folder's files, and makes it anew.
  ///
  /// Processes that have them open keep them until they end.
  package func empty() throws(FilesError) {
    let aside = name + Array(".damaged".utf8)
    // What a process left there that was stopped between the next two calls.
    try discard(aside)
    // At once, so that nobody finds one of the files and not the other.
    try parent.rename(name, to: parent, aside, replacing: .allow)
    try discard(aside)
    try make()
  }

  private func discard(_ folder: [UInt8]) throws(FilesError) {
    do {
      let handle = try parent.openSubdirectory(folder)
      for entry in try handle.entries() { try handle.unlink(entry.name) }
      try parent.removeDirectory(folder)
    } catch {
      if error.isNotFound { return }
      // A link to a folder elsewhere: that is left as it is.
      guard error.isNotADirectory else { throw error }
      try parent.unlink(folder)
    }
  }
}
