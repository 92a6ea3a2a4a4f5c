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
  private let nameCount: Int
  private let state: Mutex<State>

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

  private struct State {
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

  private enum UncachedWay {
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
    nameCount: Int
  ) {
    self.folder = folder
    self.entry = entry
    self.attributes = attributes
    self.holes = holes
    self.origin = origin
    self.ordinal = ordinal
    self.nameCount = nameCount
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
    case .new: return try folder.handle.createFile(entry.name, mode: UnfinishedMark.mode)
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
      return file
    } catch {
      guard error.isPermission || error.isBusy else { throw error }
      return nil
    }
  }

  // MARK: The end

  /// Gives the file its length, attributes and name, and closes it.
  package func finish(with writer: EntryWriter) throws(FilesError) -> RestoreAction {
    if let existing, !isWritten, existing.size == entry.size {
      return try finishUnchanged(existing, with: writer)
    }
    let file = try open()
    let status = try file.status()
    if status.size != entry.size { try file.truncate(to: Int64(clamping: entry.size)) }
    let temporary = state.withLock { $0.temporaryName }
    if existing != nil, temporary == nil {
      _ = writer.apply(
        entry,
        attributes: attributes,
        to: file,
        current: try file.status(),
        path: { path }
      )
    } else {
      writer.apply(
        entry,
        attributes: attributes,
        toNew: file,
        made: status,
        inherits: folder.inheritsAccessControl,
        path: { path }
      )
    }
    if let temporary {
      try takeName(temporary)
      state.withLock { $0.temporaryName = nil }
    }
    close()
    switch origin {
    case .new: return .created
    case .replacing: return .replaced
    case .patchedCopy, .patchedInPlace: return .updated(byteCount: differingByteCount)
    }
  }

  private func close() {
    state.withLock { state in
      state.uncached = nil
      state.file = nil
    }
  }

  /// What `finish` would do with a file that was compared and not written.
  package func foresee(with writer: EntryWriter) throws(FilesError) -> RestoreAction {
    guard let existing else { return .created }
    let differing = differingByteCount
    if differing > 0 || existing.size != entry.size { return .updated(byteCount: differing) }
    do throws(FilesError) {
      let file = try openExisting()
      let differs = writer.differs(entry, attributes: attributes, file, current: existing)
      if isToBeReplaced(existing, file, writer) { return .replaced }
      return differs ? .attributesChanged : .unchanged
    } catch {
      guard error.isPermission else { throw error }
      return .unchanged
    }
  }

  private var isWritten: Bool { state.withLock { $0.file != nil } }

  /// The content was right.
  private func finishUnchanged(
    _ status: FileStatus,
    with writer: EntryWriter
  ) throws(FilesError) -> RestoreAction {
    let isChanged: Bool
    do throws(FilesError) {
      let file = try openExisting()
      if isToBeReplaced(status, file, writer) { return try replaceUnchanged(with: writer) }
      if status.linkCount > 1 { return .unchanged }
      isChanged = writer.apply(
        entry,
        attributes: attributes,
        to: file,
        current: status,
        path: { path }
      )
    } catch {
      guard error.isPermission, status.linkCount == 1 else { throw error }
      isChanged = writer.apply(
        entry,
        attributes: attributes,
        to: NamedEntry(entry.name, in: folder.handle, isLink: false),
        current: status,
        path: { path }
      )
    }
    return isChanged ? .attributesChanged : .unchanged
  }

  /// Whether a file that is right in content must not be changed in anything else.
  ///
  /// One with other names: they may be elsewhere. One that belongs to somebody else: he may hold it open for writing.
  private func isToBeReplaced(
    _ status: FileStatus,
    _ file: OpenFile,
    _ writer: EntryWriter
  ) -> Bool {
    if writer.isForeign(entry, status) || status.linkCount > nameCount { return true }
    guard status.linkCount > 1 else { return false }
    return writer.differs(entry, attributes: attributes, file, current: status)
  }

  /// A copy with the same content and attributes of its own.
  private func replaceUnchanged(with writer: EntryWriter) throws(FilesError) -> RestoreAction {
    _ = keep(0..<entry.size)
    _ = try open()
    return try finish(with: writer)
  }

  private func takeName(_ temporary: [UInt8]) throws(FilesError) {
    do {
      try folder.handle.rename(temporary, to: folder.handle, entry.name, replacing: .allow)
    } catch {
      guard error.isPermission, try unlockExisting() else { throw error }
      try folder.handle.rename(temporary, to: folder.handle, entry.name, replacing: .allow)
    }
  }

  /// Takes the flags away by which a file that is there refuses to be replaced; false if it has none.
  private func unlockExisting() throws(FilesError) -> Bool {
    let file = try folder.handle.openForReading(entry.name)
    guard let flags = try file.inodeFlags(), flags & EntryWriter.lockingFlags != 0 else {
      return false
    }
    try file.setInodeFlags(replacing: flags & ~EntryWriter.lockingFlags)
    return true
  }

  /// Gives a file that was overwritten in part its mode back: what is damaged stays so, and others may need the file.
  ///
  /// Setuid and setgid stay away.
  package func abandonPatch() {
    guard case .patchedInPlace(let status) = origin, !UnfinishedMark.isOn(status) else { return }
    let file = state.withLock { $0.temporaryName == nil ? $0.file : nil }
    do {
      try file?.setMode(status.mode & 0o777)
    } catch {
      // Ignored: that the file could not be restored has been noted.
    }
  }

  /// Closes the file, and removes what has not got its own name.
  ///
  /// An unfinished file of its own name stays, marked as such: the next restore goes on with it.
  package func discard() {
    let temporary = state.withLock { state in
      defer { state.temporaryName = nil }
      state.uncached = nil
      state.file = nil
      return state.temporaryName
    }
    if let temporary { TemporaryName.remove(temporary, from: folder.handle) }
  }
}
