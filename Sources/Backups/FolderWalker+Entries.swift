import CoreTypes
import Files
import Repositories
import Scanning
import Trees

/// What becomes of entries into which the walk does not go.
extension FolderWalker {
  /// Takes what is known of an entry that is no folder, or has it read.
  func save(_ name: [UInt8], _ status: FileStatus, in level: inout WalkLevel) throws {
    let row = try level.cached.row(for: name)
    if let row, try recognition.isUnchanged(row.entry, session: row.session, status) {
      let totals = TreeTotals(
        files: status.kind == .regular ? 1 : 0,
        bytes: status.kind == .regular ? status.size : 0,
        entries: 1
      )
      try finisher.append(
        .done(
          name: name,
          encoded: row.entry.encoded,
          totals: totals,
          row: row.entry,
          place: row.place
        ),
        to: level.folder
      )
      context.noteLink(status, level.folder, name)
      if status.kind == .regular {
        context.progress.countFile(.unmodified, byteCount: status.size, inline: 0) {
          level.path(of: name)
        }
      } else {
        context.progress.add { $0.others += 1 }
      }
      return
    }
    level.folder.markChanged()
    guard status.kind == .regular else { return try appendSpecial(name, status, in: level) }
    let saved = row == nil ? level.parent?.entry(named: name) : nil
    queue(
      FileTask(
        folder: level.folder,
        slot: level.folder.reserve(),
        handle: level.handle,
        name: name,
        status: status,
        saved: row?.entry.encoded ?? saved?.encoded(),
        trusted: try recognition.trusted(row?.entry, saved, status)
      )
    )
  }

  /// Keeps the folder on which another file system is mounted, and nothing of what that holds.
  ///
  /// It is not opened: the file system may be one that does not answer. So it has no attributes.
  func keepMountPoint(
    _ name: [UInt8],
    _ status: FileStatus,
    in level: WalkLevel
  ) throws -> WalkLevel? {
    guard let entry = EntryReader.entry(name: name, status: status) else { return nil }
    let folder = FolderAssembly(
      name: name,
      destination: .slot(level.folder.reserve(), of: level.folder),
      key: level.folder.key.child(name).child([]),
      template: entry,
      handle: level.handle
    )
    var cached = CachedFolderCursor(cache: context.cache, folder: folder.key)
    let own = try cached.own()?.encoded
    folder.remember(
      cached: own,
      saved: own ?? level.parent?.entry(named: name)?.encoded()
    )
    if try cached.hasRest() { folder.markChanged() }
    try finisher.close(folder)
    return nil
  }

  private func appendSpecial(_ name: [UInt8], _ status: FileStatus, in level: WalkLevel) throws {
    guard var entry = EntryReader.entry(name: name, status: status) else { return }
    let path = level.path(of: name)
    call.begin(name, in: level.folder)
    do {
      if status.kind == .symbolicLink { entry.linkTarget = try level.handle.readLink(name) }
    } catch {
      call.end()
      return note(error, name, level)
    }
    try finisher.readAttributes(of: name, in: level.handle, into: &entry, path: path)
    call.end()
    guard let encoded = finisher.encode(entry, path: path) else { return }
    let identity = EntryReader.identity(status)
    let row =
      identity.isSettled(before: context.started)
      ? CachedEntry(name: name, identity: identity, encoded: encoded) : nil
    context.progress.add { $0.others += 1 }
    try finisher.append(
      .done(name: name, encoded: encoded, totals: entry.totals, row: row),
      to: level.folder
    )
    context.noteLink(status, level.folder, name)
  }

  // MARK: Batches

  private func queue(_ task: FileTask) {
    batch.append(task)
    batchByteCount += min(task.status.size, UInt64(ReadingSizes.largeFile))
    if batchByteCount >= UInt64(ReadingSizes.batch) || batch.count >= ReadingSizes.batchFileCount {
      flush()
    }
  }

  func flush() {
    guard !batch.isEmpty else { return }
    if let first = batch.first { context.progress.working(on: first.path) }
    context.push(batch)
    batch = []
    batchByteCount = 0
    batchAge = 0
  }
}
