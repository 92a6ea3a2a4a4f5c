import CoreTypes
import Files
import Repositories
import Scanning
import Threading
import Trees

/// Walks the source in name order on one thread: recognises what is unchanged, queues what must be read.
///
/// Scouts open and list the next folders meanwhile; what they found is as old as the walk is behind.
///
/// Not shared between threads.
final class FolderWalker {
  let context: BackupContext
  let finisher: FolderFinisher
  let recognition: Recognition
  private let scout: FolderScout
  let call: PendingCall
  var batch: [FileTask] = []
  var batchByteCount: UInt64 = 0
  /// Entries that were visited since the batch's first file.
  var batchAge = 0

  init(
    context: BackupContext,
    group: GroupWriter,
    scout: FolderScout
  ) throws(RepositoryError) {
    self.context = context
    self.scout = scout
    finisher = FolderFinisher(context: context, group: group)
    recognition = try Recognition(context: context)
    call = context.calls.place()
  }

  /// Walks all roots.
  ///
  /// Returns when everything is queued or known. A root that cannot be opened is named, and the others are walked.
  func walk(_ roots: RootCollection) throws(BackupError) {
    var failed = 0
    for (index, root) in roots.roots.enumerated() {
      guard !context.failure.isSet else { return }
      do {
        try walkRoot(root, destination: .root(index, roots))
      } catch let error as FilesError {
        failed += 1
        guard failed < roots.roots.count else { throw .root(path: root.source, error) }
        context.progress.note(
          SourceFinding(
            path: root.source,
            reason: .unreadable(operation: error.operationName, errno: error.errno)
          )
        )
      } catch let error as BackupError {
        throw error
      } catch {
        throw BackupError(error)
      }
    }
    flush()
  }

  private func walkRoot(_ root: BackupRoot, destination: FolderAssembly.Destination) throws {
    // A root may be given through links; below it none is followed.
    call.begin([], at: .path(root.source))
    defer {
      call.end()
      scout.leaveAll()
    }
    let handle: DirectoryHandle
    do {
      handle = try DirectoryHandle.open(path: root.source)
    } catch {
      guard error.isNotADirectory else { throw error }
      return try walkSingle(root, destination: destination)
    }
    let scope = RuleScope.root(context.plan.rules, path: root.source)
    guard !scope.excludesItself else { return context.progress.add { $0.excluded += 1 } }
    let status = try handle.status()
    guard var entry = EntryReader.entry(name: TreeEntry.rootName, status: status) else { return }
    try finisher.readAttributes(of: handle, into: &entry, path: root.source)
    context.owners.note(user: status.uid, group: status.gid)
    let selection = context.plan.roots.selection
    // A root of which only some paths are wanted has rows of its own.
    let key = FolderKey(
      root: selection == nil ? root.source : root.source + [0],
      fileSystem: try handle.fileSystemID()
    )
    let saved = context.base?.root(named: root.name)
    let level = try level(
      FolderAssembly(
        name: [],
        destination: destination,
        key: key,
        template: entry,
        handle: handle
      ),
      handle,
      status,
      try survey(handle, scope: scope, selection: selection, at: .path(root.source)),
      selection: selection,
      parent: saved.flatMap { recognition.folder(of: $0) },
      saved: { saved }
    )
    call.end()
    var stack = [level]
    while !stack.isEmpty {
      guard !context.failure.isSet else { return }
      // In place: a level is large, and there is a step for each entry.
      let top = stack.count - 1
      if let next = stack[top].next() {
        if let below = try visit(next.name, next.status, in: &stack[top]) { stack.append(below) }
      } else {
        try close(&stack[top])
        stack.removeLast()
      }
    }
  }

  private func close(_ level: inout WalkLevel) throws {
    scout.leave()
    if try level.cached.hasRest() || level.cached.hasSkipped { level.folder.markChanged() }
    try finisher.close(level.folder)
  }

  /// A root that is not a folder: an assembly of one entry, which becomes the root itself.
  private func walkSingle(_ root: BackupRoot, destination: FolderAssembly.Destination) throws {
    let path = root.source
    let slash = UInt8(ascii: "/")
    guard case .root(let index, let roots) = destination,
      let cut = path.lastIndex(of: slash)
    else { return }
    let name = Array(path[(cut + 1)...])
    let above = cut == 0 ? [slash] : Array(path[..<cut])
    let handle = try DirectoryHandle.open(path: above)
    let status = try handle.status()
    guard let entry = EntryReader.entry(name: TreeEntry.rootName, status: status) else { return }
    // A key of its own: rows of the folder above belong to backups of that folder.
    let key = FolderKey(root: path + [slash], fileSystem: try handle.fileSystemID())
    let folder = FolderAssembly(
      name: above,
      destination: .single(index, roots),
      key: key,
      template: entry,
      handle: handle
    )
    var level = WalkLevel(
      folder: folder,
      handle: handle,
      status: status,
      // What a person names is not ignored because of a list in the source; patterns are the person's own.
      survey: FolderSurvey(
        names: [name],
        scope: RuleScope(context.plan.rules, path: above)
      ),
      selection: nil,
      parent: nil,
      cached: CachedFolderCursor(cache: context.cache, folder: key)
    )
    _ = try visit(name, nil, in: &level)
    try finisher.close(folder)
  }

  private func survey(
    _ handle: DirectoryHandle,
    scope: RuleScope,
    selection: PathSelection?,
    at place: PendingCall.Place
  ) throws(FilesError) -> FolderSurvey {
    if let selection { return FolderSurvey(names: selection.names, scope: scope) }
    return try FolderSurvey(of: handle, scope: scope, call: call, at: place)
  }

  /// `saved` is asked for the folder's entry in the snapshot that is compared with, if the cache does not know it.
  private func level(
    _ folder: FolderAssembly,
    _ handle: DirectoryHandle,
    _ status: FileStatus,
    _ survey: FolderSurvey,
    selection: PathSelection?,
    parent: ParentFolder?,
    saved: () -> TreeEntry?
  ) throws -> WalkLevel {
    var cached = CachedFolderCursor(cache: context.cache, folder: folder.key)
    let own = try cached.own()
    folder.remember(cached: own?.encoded, saved: own?.encoded ?? saved()?.encoded())
    var level = WalkLevel(
      folder: folder,
      handle: handle,
      status: status,
      survey: survey,
      selection: selection,
      parent: parent,
      cached: cached
    )
    sendScouts(&level)
    return level
  }

  /// Has the folders of a level opened by others, as far as it is known already which the walk will come to.
  private func sendScouts(_ level: inout WalkLevel) {
    var requests: [FolderScout.Request] = []
    for (place, status) in level.survey.statuses.enumerated() {
      guard let status, status.kind == .directory else { continue }
      let name = level.survey.names[place]
      if level.scope.excludes(name, status) || isOutside(name, status, level) { continue }
      level.scouted.append(place)
      requests.append(
        FolderScout.Request(
          name: name,
          above: level.folder,
          handle: level.handle,
          scope: level.scope
        )
      )
    }
    scout.enter(requests)
  }

  /// Deals with one entry; returns the folder to walk next if it is one.
  private func visit(
    _ name: [UInt8],
    _ known: FileStatus?,
    in level: inout WalkLevel
  ) throws -> WalkLevel? {
    if !batch.isEmpty {
      batchAge += 1
      // What is known behind a file that waits to be read has to stay in memory.
      if batchAge >= ReadingSizes.batchAge { flush() }
    }
    guard !level.scope.excludes(name) else {
      context.progress.add { $0.excluded += 1 }
      return nil
    }
    guard let status = known ?? status(of: name, in: level) else { return nil }
    guard !level.scope.excludes(name, status) else {
      context.progress.add { $0.excluded += 1 }
      return nil
    }
    context.owners.note(user: status.uid, group: status.gid)
    let selection = level.selection?.below(name)
    switch status.kind {
    // Within a selection every name was asked for, or leads to one that was.
    case .directory:
      if level.selection == nil, let own = level.scope.folderInUse(status) {
        context.progress.note(SourceFinding(path: level.path(of: name), reason: .inUse(own)))
        return nil
      }
      return try enter(name, status, selection, in: &level)
    case .symbolicLink where selection != nil:
      return try enter(name, nil, selection, in: &level)
    case .socket, .unknown:
      context.progress.note(SourceFinding(path: level.path(of: name), reason: .socket))
      return nil
    case .regular, .symbolicLink, .fifo, .characterDevice, .blockDevice: break
    }
    if isOutside(name, status, level) {
      context.progress.add { $0.excluded += 1 }
      return nil
    }
    try save(name, status, in: &level)
    return nil
  }

  /// Asks for the status of an entry; says so if that fails.
  private func status(of name: [UInt8], in level: WalkLevel) -> FileStatus? {
    call.begin(name, in: level.folder)
    defer { call.end() }
    do {
      return try level.handle.status(of: name)
    } catch {
      note(error, name, level)
      return nil
    }
  }

  /// `status` is `nil` for a link that the paths asked for lead through: the folder behind it is taken.
  private func enter(
    _ name: [UInt8],
    _ status: FileStatus?,
    _ selection: PathSelection?,
    in level: inout WalkLevel
  ) throws -> WalkLevel? {
    if let status, isOutside(name, status, level) {
      return try keepMountPoint(name, status, in: level)
    }
    let found = level.takeScouted().flatMap { number in
      scout.take(number) { context.failure.isSet }
    }
    guard !context.failure.isSet else { return nil }
    call.begin(name, in: level.folder)
    defer { call.end() }
    do {
      let handle =
        try found?.handle
        ?? (status == nil
          ? DirectoryHandle.open(path: level.path(of: name))
          : level.handle.openSubdirectory(name))
      let status = try status ?? handle.status()
      guard var entry = EntryReader.entry(name: name, status: status) else { return nil }
      try finisher.readAttributes(of: handle, into: &entry, path: level.path(of: name))
      let above = level.parent
      var key = level.folder.key.child(name)
      if status.device != level.status.device { key = key.mounted(try handle.fileSystemID()) }
      // Listed before a place is reserved: a folder that cannot be read leaves none behind.
      let survey =
        try found?.survey
        ?? survey(
          handle,
          scope: level.scope.below(name),
          selection: selection,
          at: .subfolder(name, of: level.folder)
        )
      let folder = FolderAssembly(
        name: name,
        destination: .slot(level.folder.reserve(), of: level.folder),
        key: key,
        template: entry,
        handle: handle
      )
      return try self.level(
        folder,
        handle,
        status,
        survey,
        selection: selection,
        parent: above.map { ParentFolder(name, in: $0) },
        saved: { above?.entry(named: name) }
      )
    } catch let error as FilesError {
      note(error, name, level)
      return nil
    }
  }

  /// True if an entry lies on another file system, and the rules and paths do not ask for it.
  private func isOutside(_ name: [UInt8], _ status: FileStatus, _ level: WalkLevel) -> Bool {
    // Within a selection every name was asked for, or leads to one that was.
    guard level.selection == nil, level.scope.staysOutside(status, of: level.status) else {
      return false
    }
    return !context.plan.roots.nested.contains(level.path(of: name))
  }

  func note(_ error: FilesError, _ name: [UInt8], _ level: WalkLevel) {
    context.progress.note(
      SourceFinding(
        path: level.path(of: name),
        reason: error.isNotFound
          ? .vanished : .unreadable(operation: error.operationName, errno: error.errno)
      )
    )
  }
}
