import Synchronization

/// A file beside an unfinished one: what is known of it and belongs behind all that is still to be written to it.
///
/// Made with its first bytes, and gone when the other file has its name. Written at once and past no buffer, so that it
/// outlives its process.
package final class CompanionFile: Sendable {
  /// What a companion's name has behind the name of the file beside which it stands.
  package static let suffix = Array(".heads".utf8)

  private let folder: DirectoryHandle
  private let name: [UInt8]
  private let state = Mutex(State())

  private struct State {
    var file: OpenFile?
    var byteCount: Int64 = 0
  }

  /// The companion of a file in a folder.
  package init(of name: [UInt8], in folder: DirectoryHandle) {
    self.folder = folder
    self.name = name + CompanionFile.suffix
  }

  /// Appends bytes.
  package func append(_ bytes: [UInt8]) throws(FilesError) {
    try state.withLock { state throws(FilesError) in
      let file: OpenFile
      if let known = state.file {
        file = known
      } else {
        file = try folder.createFile(name, mode: 0o600)
        state.file = file
      }
      try file.write(bytes.span, at: state.byteCount)
      state.byteCount += Int64(bytes.count)
    }
  }

  /// Has the disk hold all that was appended.
  package func sync() throws(FilesError) {
    guard let file = state.withLock({ $0.file }) else { return }
    try file.sync()
  }

  /// Removes the file, if there is one.
  package func remove() {
    guard state.withLock({ $0.file.take() }) != nil else { return }
    do {
      try folder.unlink(name)
    } catch {
      // Ignored: what stays has lost its file, and whoever looks for orphans removes it.
    }
  }

  /// Lets the file lie, for whoever salvages the one beside it.
  package func leave() { state.withLock { $0.file = nil } }

  /// The bytes of the companion that a dead process left; empty if there is none.
  package static func read(
    of name: [UInt8],
    in folder: DirectoryHandle,
    limit: Int
  ) throws(FilesError) -> [UInt8] {
    do {
      return try folder.openForReading(name + suffix).readAll(limit: limit)
    } catch {
      guard error.isNotFound else { throw error }
      return []
    }
  }

  /// Removes the companion that a dead process left, if there is one.
  package static func remove(of name: [UInt8], in folder: DirectoryHandle) throws(FilesError) {
    do {
      try folder.unlink(name + suffix)
    } catch {
      guard error.isNotFound else { throw error }
    }
  }
}
