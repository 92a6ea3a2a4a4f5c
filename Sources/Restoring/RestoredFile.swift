package import Files
import Synchronization
package import Trees

/// A file that is being restored: opened by whoever writes first, finished by whoever is done last.
///
/// What is written under another name is removed with the last reference, unless it got its own name.
package final class RestoredFile: Sendable {
  package let folder: RestoredFolder
  package let entry: TreeEntry
  package let attributes: [EntryAttribute]
  package let holes: [HoleExtent]
  /// What has the file's name already.
  package let origin: Origin
  /// The file's number in the order of the walk, for those who count.
  package let ordinal: UInt64
  /// How its restore went.
  package let outcome = FileOutcome()
  /// How many names the file has in the snapshot; one that has more is linked from elsewhere.
  let nameCount: Int
  /// Where it is counted while it has its own name and is not finished.
  let tally: UnfinishedTally
  let state: Mutex<State>

  /// What has the file's name already, and what is to be done about it.
  package enum Origin: Sendable {
    /// Nothing: the file is made under its own name.
    case new
    /// Something that makes room when the file is whole.
    case replacing
    /// A file whose content may be right in part: what is wrong is written to a copy, which then takes the name.
    case patchedCopy(FileStatus)
    /// A file whose content may be right in part: what is wrong is overwritten.
    case patchedInPlace(FileStatus)
  }

  struct State {
    var file: OpenFile?
    var temporaryName: [UInt8]?
    var remaining = 1
    var hasFailed = false
    /// Where the file that is there was found right, while nothing had to be written.
    var kept: [Range<UInt64>] = []
    /// What was found wrong in it, in bytes.
    var differing: UInt64 = 0
    /// The way past the page cache; `nil` until it was looked for.
    var uncached: UncachedWay?
    /// True if all that is not written is as in the file that was there.
    var hasOldContent = false
  }

  enum UncachedWay {
    case none
    case open(UncachedFile)
  }

  /// A file that is shorter is as well in the page cache: 1 MiB.
  private static let uncachedByteLimit: UInt64 = 1 << 20

  /// The caller holds the first piece, and says with `finishPiece` when no more will come.
  package init(
    folder: RestoredFolder,
    entry: TreeEntry,
    attributes: [EntryAttribute],
    holes: [HoleExtent],
    origin: Origin,
    ordinal: UInt64,
    nameCount: Int,
    tally: UnfinishedTally
  ) {
    self.folder = folder
    self.entry = entry
    self.attributes = attributes
    self.holes = holes
    self.origin = origin
    self.ordinal = ordinal
    self.nameCount = nameCount
    self.tally = tally
    state = Mutex(State())
  }

  deinit { discard() }

  /// Path below the target.
  package var path: [UInt8] { folder.path(of: entry.name) }

  /// Status of the file that is there and is compared; `nil` if there is none.
  package var existing: FileStatus? {
    switch origin {
    case .new, .replacing: nil
    case .patchedCopy(let status), .patchedInPlace(let status): status
    }
  }

  // MARK: Pieces

  /// A piece more will be written or compared.
  package func expectPiece() {
    state.withLock { $0.remaining += 1 }
  }

  /// Says that a piece is done; true for the last.
  package func finishPiece() -> Bool {
    state.withLock { state in
      state.remaining -= 1
      return state.remaining == 0
    }
  }

  /// Notes that a piece could not be written.
  ///
  /// Returns whether it was the first.
  package func fail() -> Bool {
    state.withLock { state in
      defer { state.hasFailed = true }
      return !state.hasFailed
    }
  }

  /// True if some piece could not be written.
  package var hasFailed: Bool { state.withLock { $0.hasFailed } }

  // MARK: What is there

  /// Opens the file that is there for reading; throws if it is not the one that was seen before.
  package func openExisting() throws(FilesError) -> OpenFile {
    let file = try folder.handle.openForReading(entry.name)
    let found = try file.status()
    guard let existing, found.inode == existing.inode, found.device == existing.device else {
      throw FilesError.stale(entry.name)
    }
    return file
  }

  /// Notes that a range of the file that is there is right.
  ///
  /// Returns true if the caller has to write it, because a copy without it has been begun.
  package func keep(_ range: Range<UInt64>) -> Bool {
    state.withLock { state in
      if state.file != nil { return !state.hasOldContent }
      if let last = state.kept.last, last.upperBound == range.lowerBound {
        state.kept[state.kept.count - 1] = last.lowerBound..<range.upperBound
      } else {
        state.kept.append(range)
      }
      return false
    }
  }

  /// Notes that so many bytes of the file that is there are wrong.
  package func noteDifference(_ byteCount: UInt64) {
    state.withLock { state in
      let (sum, overflow) = state.differing.addingReportingOverflow(byteCount)
      state.differing = overflow ? UInt64.max : sum
    }
  }

  /// Bytes of the file that is there that were found wrong.
  package var differingByteCount: UInt64 { state.withLock { $0.differing } }

  /// Whether what is not written stays as it was, so that zeros must be written too.
  package var hasOldContent: Bool { state.withLock { $0.hasOldContent } }

  // MARK: Writing

  /// The file to write into, made when it is asked for first.
  package func open() throws(FilesError) -> OpenFile {
    let result: Result<(OpenFile, [Range<UInt64>]), FilesError> = state.withLock { state in
      if let file = state.file { return .success((file, [])) }
      do throws(FilesError) {
        let file = try make(&state)
        state.file = file
        defer { state.kept = [] }
        return .success((file, state.hasOldContent ? [] : state.kept))
      } catch {
        return .failure(error)
      }
    }
    let (file, kept) = try result.get()
    if !kept.isEmpty {
      let old = try openExisting()
      for range in kept { try file.copy(range, from: old) }
    }
    return file
  }

  /// A way to write the file past the page cache; `nil` where that is no gain.
  ///
  /// Only for a file that is written anew and has no holes.
  package func openUncached() throws(FilesError) -> UncachedFile? {
    guard entry.size >= RestoredFile.uncachedByteLimit, holes.isEmpty, existing == nil else {
      return nil
    }
    let file = try open()
    let result: Result<UncachedFile?, FilesError> = state.withLock { state in
      switch state.uncached {
      case .some(.none): return .success(nil)
      case .some(.open(let uncached)): return .success(uncached)
      case nil: break
      }
      return Result { () throws(FilesError) in
        state.uncached = UncachedWay.none
        let uncached = try folder.handle.openUncached(
          state.temporaryName ?? entry.name,
          of: file,
          byteCount: Int64(clamping: entry.size)
        )
        if let uncached { state.uncached = .open(uncached) }
        return uncached
      }
    }
    return try result.get()
  }

  private func make(_ state: inout State) throws(FilesError) -> OpenFile {
    switch origin {
    case .new:
      let file = try folder.handle.createFile(entry.name, mode: UnfinishedMark.mode)
      tally.begin()
      return file
    case .replacing: return try makeTemporary(&state)
    case .patchedCopy(let status):
      let file = try makeTemporary(&state)
      state.hasOldContent = try cloneExisting(status, to: file, isNeeded: !state.kept.isEmpty)
      return file
    case .patchedInPlace(let status):
      if let file = try openInPlace(status) {
        state.hasOldContent = true
        return file
      }
      let file = try makeTemporary(&state)
      state.hasOldContent = try cloneExisting(status, to: file, isNeeded: !state.kept.isEmpty)
      return file
    }
  }

  private func makeTemporary(_ state: inout State) throws(FilesError) -> OpenFile {
    let name = TemporaryName.make()
    let file = try folder.handle.createFile(name, mode: UnfinishedMark.mode)
    state.temporaryName = name
    // So that another restore does not take it for a leftover; a file system without locks has no such guard.
    _ = file.tryLock()
    return file
  }

  /// Lets the copy share the blocks of the original; false where that is impossible.
  private func cloneExisting(
    _ status: FileStatus,
    to file: OpenFile,
    isNeeded: Bool
  ) throws(FilesError) -> Bool {
    do throws(FilesError) {
      return try file.clone(from: try openExisting())
    } catch {
      // What cannot be read was not found right either: everything is written.
      if isNeeded { throw error }
      return false
    }
  }

  /// The file itself, marked as unfinished; `nil` if it may not be written: it has other names, is running, or is not ours.
  private func openInPlace(_ status: FileStatus) throws(FilesError) -> OpenFile? {
    do throws(FilesError) {
      let file = try folder.handle.openForWriting(entry.name)
      let found = try file.status()
      guard found.inode == status.inode, found.device == status.device else {
        throw FilesError.stale(entry.name)
      }
      guard found.linkCount == 1, found.kind == .regular, found.uid == status.uid else {
        return nil
      }
      // Also takes setuid away before any byte changes.
      try file.setMode(UnfinishedMark.mode)
      tally.begin()
      return file
    } catch {
      guard error.isPermission || error.isBusy else { throw error }
      return nil
    }
  }
}
