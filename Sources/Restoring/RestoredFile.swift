package import Files
import Synchronization
package import Trees

/// A file that is being restored: opened by whoever writes first, finished by whoever writes last.
package final class RestoredFile: Sendable {
  package let folder: RestoredFolder
  package let entry: TreeEntry
  package let attributes: [EntryAttribute]
  package let holes: [HoleExtent]
  private let state: Mutex<State>

  private struct State {
    var file: OpenFile?
    var temporaryName: [UInt8]?
    var remaining: Int
    var hasFailed = false
  }

  /// `pieces` is the number of calls to `finishPiece` that will come, one for the planner included.
  package init(
    folder: RestoredFolder,
    entry: TreeEntry,
    attributes: [EntryAttribute],
    holes: [HoleExtent]
  ) {
    self.folder = folder
    self.entry = entry
    self.attributes = attributes
    self.holes = holes
    state = Mutex(State(remaining: 1))
  }

  /// Path below the target.
  package var path: [UInt8] { folder.path(of: entry.name) }

  /// A piece more will be written.
  package func expectPiece() {
    state.withLock { $0.remaining += 1 }
  }

  /// The file, made when it is asked for first.
  ///
  /// Where something is in the way, a temporary name is used.
  package func open() throws(FilesError) -> OpenFile {
    let result: Result<OpenFile, FilesError> = state.withLock { state in
      if let file = state.file { return .success(file) }
      do throws(FilesError) {
        let file: OpenFile
        do throws(FilesError) {
          file = try folder.handle.createFile(entry.name, mode: 0o600)
        } catch {
          guard error.isExists else { throw error }
          // What is there may be linked from elsewhere, or in use: it is replaced, never written into.
          let name = TemporaryName.make()
          file = try folder.handle.createFile(name, mode: 0o600)
          state.temporaryName = name
        }
        state.file = file
        return .success(file)
      } catch {
        state.hasFailed = true
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Notes that a piece could not be written.
  package func fail() {
    state.withLock { $0.hasFailed = true }
  }

  /// True if some piece could not be written.
  package var hasFailed: Bool { state.withLock { $0.hasFailed } }

  /// Says that a piece is done; true for the last.
  package func finishPiece() -> Bool {
    state.withLock { state in
      state.remaining -= 1
      return state.remaining == 0
    }
  }

  /// Gives the file its length, attributes and name, and closes it.
  package func finish(with writer: EntryWriter) throws(FilesError) {
    let file = try open()
    try file.truncate(to: Int64(clamping: entry.size))
    writer.apply(entry, attributes: attributes, to: file, path: path)
    let temporary = state.withLock { state in
      state.file = nil
      return state.temporaryName
    }
    if let temporary {
      try folder.handle.rename(
        temporary,
        to: folder.handle,
        entry.name,
        replacing: .allow
      )
    }
  }

  /// Removes what was made of a file that failed under a temporary name; a partial file of its own name stays,
  /// so that the person can decide.
  package func abandon() {
    let temporary = state.withLock { state in
      state.file = nil
      return state.temporaryName
    }
    guard let temporary else { return }
    do {
      try folder.handle.unlink(temporary)
    } catch {
      // Ignored: the failure that led here is the one that is reported.
    }
  }
}
