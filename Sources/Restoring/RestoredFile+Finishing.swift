package import Files
import Synchronization
import Trees

/// The end of a file: its length, attributes and name, or none of it.
extension RestoredFile {
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
      // What the name stands for goes with it: so the disk is asked before.
      try file.confirmWrites()
      try takeName(temporary)
      state.withLock { $0.temporaryName = nil }
    }
    try close()
    if temporary == nil { tally.end() }
    switch origin {
    case .new: return .created
    case .replacing: return .replaced
    case .patchedCopy, .patchedInPlace: return .updated(byteCount: differingByteCount)
    }
  }

  private func close() throws(FilesError) {
    let file = state.withLock { state in
      state.uncached = nil
      return state.file.take()
    }
    do throws(FilesError) {
      try file?.close()
    } catch {
      markUnfinished()
      throw error
    }
  }

  /// Marks a file that has its attributes and not its content, so that the next restore goes on with it.
  private func markUnfinished() {
    do throws(FilesError) {
      try folder.handle.openForWriting(entry.name).setMode(UnfinishedMark.mode)
    } catch {
      // Ignored: that the file could not be restored is noted in any case.
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
      guard let file else { return }
      try file.setMode(status.mode & 0o777)
      tally.end()
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
