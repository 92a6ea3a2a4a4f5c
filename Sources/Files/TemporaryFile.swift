internal import CFiles
internal import Glibc
import Synchronization

/// A file that gets its name when it is whole.
///
/// Not written by two threads at once.
///
/// Without `publish`, nothing of it stays. While it is open, other processes see by its lock that its writer lives.
package final class TemporaryFile: Sendable {
  private let folder: DirectoryHandle
  /// Its name until it is published.
  package let name: [UInt8]
  private let file: OpenFile
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var writer: UncachedWriter
    var byteCount = 0
    var isGone = false
  }

  /// Makes a file of random name.
  package init(in folder: DirectoryHandle) throws(FilesError) {
    self.folder = folder
    (name, file) = try TemporaryFile.makeLocked(in: folder)
    state = Mutex(State(writer: UncachedWriter(descriptor: file.descriptor, name: name)))
  }

  /// Makes a file and locks it; another one if somebody took it for an orphan in between.
  private static func makeLocked(
    in folder: DirectoryHandle
  ) throws(FilesError) -> (name: [UInt8], file: OpenFile) {
    while true {
      let name = randomName()
      let file = try folder.createFile(name, mode: 0o600)
      // A file system without locks: nobody can take the file for an orphan while its process lives but by trying, and
      // trying fails there too.
      let isTaken = [-EAGAIN, -EACCES].contains(kist_lock(file.descriptor, 1))
      if !isTaken, try file.status().linkCount > 0 { return (name, file) }
    }
  }

  deinit { discard() }

  /// Bytes appended so far.
  package var byteCount: Int { state.withLock { $0.byteCount } }

  /// Appends bytes; they are in the file after `publish`, and perhaps before.
  package func append(_ bytes: [UInt8]) throws(FilesError) {
    try state.withLock { state throws(FilesError) in
      try state.writer.append(bytes.span)
      state.byteCount += bytes.count
    }
  }

  /// Has the disk hold all that was appended, so that even a power cut leaves it; more may follow.
  package func flush() throws(FilesError) {
    try state.withLock { state throws(FilesError) in try state.writer.flush() }
    try file.sync()
  }

  /// Gives the file up and lets it lie, for whoever salvages it.
  package func leave() {
    do {
      try state.withLock { state throws(FilesError) in
        state.isGone = true
        try state.writer.flush()
      }
    } catch {
      // Ignored: what did not get into the file is what a dead process would have lost too.
    }
    _ = kist_unlock(file.descriptor)
  }

  /// fsync, rename, fsync of the folder.
  ///
  /// With `.refuse`, an error that `isExists` leaves the file as it is.
  package func publish(
    as newName: [UInt8],
    in destination: DirectoryHandle,
    replacing: Replacing
  ) throws(FilesError) {
    try state.withLock { state throws(FilesError) in try state.writer.finish() }
    try file.sync()
    try folder.rename(name, to: destination, newName, replacing: replacing)
    state.withLock { $0.isGone = true }
    try destination.sync()
  }

  /// Removes the file.
  package func discard() {
    let isGone = state.withLock { state in
      defer { state.isGone = true }
      return state.isGone
    }
    guard !isGone else { return }
    do {
      try folder.unlink(name)
    } catch {
      // Ignored: what stays is an orphan, and the next run removes it.
    }
  }

  private static func randomName() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).flatMap { _ in
      Array(String(generator.next() as UInt64, radix: 16).utf8)
    }
  }
}
