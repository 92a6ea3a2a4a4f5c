import Repositories
import Threading
import CoreTypes
import Files
import Scanning
import Trees

/// Walks the source in name order on one thread: recognises what is unchanged, queues what must be read.
///
/// Not shared between threads.
final class FolderWalker {
  private let context: BackupContext
  private let finisher: FolderFinisher
  private var batch: [FileTask] = []
  private var batchByteCount: UInt64 = 0

  init(context: BackupContext, group: GroupWriter) {
    self.context = context
    finisher = FolderFinisher(context: context, group: group)
  }

  /// A folder that is being walked: its entries in order, and how far the walk has come.
  private struct Level {
    let folder: FolderAssembly
    let handle: DirectoryHandle
    let device: DeviceID
    let names: [[UInt8]]
    var position = 0
    var cached: CachedFolderCursor
  }

  /// Walks all roots.
  ///
  /// Returns when everything is queued or known.
  func walk(_ roots: RootCollection) throws(BackupError) {
    for (index, path) in roots.paths.enumerated() {
      guard !context.failure.isSet else { return }
      do {
        try walkRoot(path, destination: .root(index, roots))
      } catch let error as FilesError {
        throw .root(path: path, error)
      } catch let error as BackupError {
        throw error
      } catch {
        throw BackupError(error)
      }
    }
    flush()
  }

  private func walkRoot(_ path: [UInt8], destination: FolderAssembly.Destination) throws {
    // A root may be given through links; below it none is followed.
    let handle: DirectoryHandle
    do {
      handle = try DirectoryHandle.open(path: path)
    } catch {
      guard error.isNotADirectory else { throw error }
      return try walkSingle(path, destination: destination)
    }
    let status = try handle.status()
    guard var entry = EntryReader.entry(name: [UInt8(ascii: ".")], status: status) else { return }
    try finisher.readAttributes(of: handle, into: &entry, path: path)
    context.owners.note(user: status.uid, group: status.gid)
    let key = FolderKey(root: path, fileSystem: try handle.fileSystemID())
    let folder = FolderAssembly(
      name: [],
      destination: destination,
      key: key,
      template: entry,
      handle: handle
    )
    var stack = [try level(folder, handle, device: status.device)]
    while var top = stack.popLast() {
      guard !context.failure.isSet else { return }
      guard top.position < top.names.count else {
        if try top.cached.hasRest() || top.cached.hasSkipped { top.folder.markChanged() }
        try finisher.close(top.folder)
        continue
      }
      let name = top.names[top.position]
      top.position += 1
      let below = try visit(name, in: &top)
      stack.append(top)
      if let below { stack.append(below) }
    }
  }

  /// A root that is not a folder: an assembly of one entry, which becomes the root itself.
  private func walkSingle(_ path: [UInt8], destination: FolderAssembly.Destination) throws {
    let slash = UInt8(ascii: "/")
    guard case .root(let index, let roots) = destination,
      let cut = path.lastIndex(of: slash)
    else { return }
    let name = Array(path[(cut + 1)...])
    let above = cut == 0 ? [slash] : Array(path[..<cut])
    let handle = try DirectoryHandle.open(path: above)
    let status = try handle.status()
    guard let entry = EntryReader.entry(name: [UInt8(ascii: ".")], status: status) else { return }
    // A key of its own: rows of the folder above belong to backups of that folder.
    let key = FolderKey(root: path + [slash], fileSystem: try handle.fileSystemID())
    let folder = FolderAssembly(
      name: above,
      destination: .single(index, roots),
      key: key,
      template: entry,
      handle: handle
    )
    var level = Level(
      folder: folder,
      handle: handle,
      device: status.device,
      names: [name],
      cached: CachedFolderCursor(cache: context.cache, folder: key)
    )
    _ = try visit(name, in: &level)
    try finisher.close(folder)
  }

  private func level(
    _ folder: FolderAssembly,
    _ handle: DirectoryHandle,
    device: DeviceID
  ) throws
    -> Level
  {
    var names = try handle.entries().map(\.name)
    names.sort { $0.lexicographicallyPrecedes($1) }
    context.progress.add { $0.folders += 1 }
    return Level(
      folder: folder,
      handle: handle,
      device: device,
      names: names,
      cached: CachedFolderCursor(cache: context.cache, folder: folder.key)
    )
  }

  /// Deals with one entry; returns the folder to walk next if it is one.
  private func visit(_ name: [UInt8], in level: inout Level) throws -> Level? {
    let status: FileStatus
    do {
      status = try level.handle.status(of: name)
    } catch {
      note(error, name, level)
      return nil
    }
    context.owners.note(user: status.uid, group: status.gid)
    switch status.kind {
    case .directory: return try enter(name, status, in: &level)
    case .socket, .unknown:
      context.progress.note(SourceFinding(path: path(name, level), reason: .socket))
      return nil
    case .regular, .symbolicLink, .fifo, .characterDevice, .blockDevice: break
    }
    if status.linkCount > 1 {
      let place = level.folder.placeInSnapshot
      let below = place.path.isEmpty ? name : place.path + [UInt8(ascii: "/")] + name
      context.links.note(
        HardLinkTable.Key(device: status.device.number, inode: status.inode),
        LinkMember(root: UInt32(place.root), path: below)
      )
    }
    if let row = try level.cached.row(for: name),
      row.entry.identity == EntryReader.identity(status),
      try isStored(row.entry, session: row.session)
    {
      let totals = TreeTotals(
        files: status.kind == .regular ? 1 : 0,
        bytes: status.kind == .regular ? status.size : 0,
        entries: 1
      )
      level.folder.append(
        .done(name: name, encoded: row.entry.encoded, totals: totals, row: row.entry)
      )
      context.progress.add { counters in
        if status.kind == .regular {
          counters.filesUnmodified += 1
          counters.bytesSeen += Int(clamping: status.size)
        } else {
          counters.others += 1
        }
      }
      return nil
    }
    level.folder.markChanged()
    if status.kind == .regular {
      queue(
        FileTask(
          folder: level.folder,
          slot: level.folder.reserve(),
          handle: level.handle,
          name: name,
          status: status
        )
      )
    } else {
      try appendSpecial(name, status, in: level)
    }
    return nil
  }

  private func enter(_ name: [UInt8], _ status: FileStatus, in level: inout Level) throws -> Level?
  {
    do {
      let handle = try level.handle.openSubdirectory(name)
      guard var entry = EntryReader.entry(name: name, status: status) else { return nil }
      try finisher.readAttributes(of: handle, into: &entry, path: path(name, level))
      var key = level.folder.key.child(name)
      if status.device != level.device { key = key.mounted(try handle.fileSystemID()) }
      // Listed before a place is reserved: a folder that cannot be read leaves none behind.
      let names = try handle.entries().map(\.name)
      let folder = FolderAssembly(
        name: name,
        destination: .slot(level.folder.reserve(), of: level.folder),
        key: key,
        template: entry,
        handle: handle
      )
      context.progress.add { $0.folders += 1 }
      return Level(
        folder: folder,
        handle: handle,
        device: status.device,
        names: names.sorted { $0.lexicographicallyPrecedes($1) },
        cached: CachedFolderCursor(cache: context.cache, folder: key)
      )
    } catch let error as FilesError {
      note(error, name, level)
      return nil
    }
  }

  private func appendSpecial(_ name: [UInt8], _ status: FileStatus, in level: Level) throws {
    guard var entry = EntryReader.entry(name: name, status: status) else { return }
    do {
      if status.kind == .symbolicLink { entry.linkTarget = try level.handle.readLink(name) }
    } catch {
      return note(error, name, level)
    }
    try finisher.readAttributes(of: name, in: level.handle, into: &entry, path: path(name, level))
    guard let encoded = finisher.encode(entry, path: path(name, level)) else { return }
    let identity = EntryReader.identity(status)
    let row =
      identity.isSettled(before: context.started)
      ? CachedEntry(name: name, identity: identity, encoded: encoded) : nil
    context.progress.add { $0.others += 1 }
    level.folder.append(.done(name: name, encoded: encoded, totals: entry.totals, row: row))
  }

  /// True if everything that a cached entry needs is in this store.
  ///
  /// Source: Docs/decisions/0005-scan-cache-rows.md.
  private func isStored(_ row: CachedEntry, session: UInt64) throws -> Bool {
    if context.liveSessions.contains(session) { return true }
    guard let entry = EncodedEntry.decode(row.encoded) else { return false }
    for node in [entry.attributesNode, entry.holes] {
      if let node, try !context.session.isPresent(node) { return false }
    }
    switch entry.content {
    case .empty, .inline: return true
    case .list(let references):
      for reference in references where try !context.session.isPresent(reference.id) {
        return false
      }
      return true
    case .paged:
      // Its pages would have to be read; reading the file again is as good.
      return false
    }
  }

  // MARK: Batches

  private func queue(_ task: FileTask) {
    batch.append(task)
    batchByteCount += min(task.status.size, UInt64(ReadingSizes.largeFile))
    if batchByteCount >= UInt64(ReadingSizes.batch) || batch.count >= ReadingSizes.batchFileCount {
      flush()
    }
  }

  private func flush() {
    guard !batch.isEmpty else { return }
    if let first = batch.first { context.progress.working(on: first.path) }
    context.push(batch)
    batch = []
    batchByteCount = 0
  }

  private func path(_ name: [UInt8], _ level: Level) -> [UInt8] {
    let above = level.folder.path
    return above == [UInt8(ascii: "/")] ? above + name : above + [UInt8(ascii: "/")] + name
  }

  private func note(_ error: FilesError, _ name: [UInt8], _ level: Level) {
    context.progress.note(
      SourceFinding(
        path: path(name, level),
        reason: error.isNotFound
          ? .vanished : .unreadable(operation: error.operationName, errno: error.errno)
      )
    )
  }
}
