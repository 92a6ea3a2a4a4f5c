import CoreTypes
import Files
import Packing
import Repositories
import Restoring
import Sealing
import Threading
import Trees

/// Walks a snapshot's tree, makes folders and small things, and hands out the objects to be opened.
///
/// Runs on the calling thread.
struct RestorePlanner {
  let repository: OpenRepository
  let plan: RestorePlan
  let queue: BoundedQueue<RestoreJob>
  let pending: PendingJobs
  let finisher: RestoreFinisher
  let progress: RestoreProgress
  let failure: FirstFailure<BackupError>
  let interruption: @Sendable () -> Bool

  /// Restores everything that the plan names, as far as content is queued.
  func run() throws(BackupError) {
    let source = try wrap { () throws(RepositoryError) in
      try ChunkSource(repository: repository)
    }
    var walk = RestoreWalk(planner: self, source: source)
    try walk.run()
  }

  func wrap<Result>(_ body: () throws(RepositoryError) -> Result) throws(BackupError) -> Result {
    do {
      return try body()
    } catch {
      throw .repository(error)
    }
  }
}

/// The state of one walk.
private struct RestoreWalk {
  private let planner: RestorePlanner
  private let source: ChunkSource
  private let reader: TreeReader<RepositoryError>
  private var window = RestoreWindow()
  private var linkGroups: [LinkMember: Int] = [:]
  private var linkTargets: [Int: RestoreFinisher.LinkedFile] = [:]

  init(planner: RestorePlanner, source: ChunkSource) {
    self.planner = planner
    self.source = source
    reader = TreeReader { id throws(RepositoryError) in
      try source.bytes(of: id, kind: .tree)
    }
  }

  mutating func run() throws(BackupError) {
    try loadLinks()
    let roots = planner.plan.snapshot.roots
    let target = try makeTarget()
    if let path = planner.plan.subpath.isEmpty ? nil : planner.plan.subpath {
      try restoreSubpath(path, into: target)
    } else if roots.count == 1, let root = roots.first {
      try restoreRoot(root, number: 0, into: target)
    } else {
      for (number, root) in roots.enumerated() {
        let parent = try makePath(to: root.path, below: target)
        try restoreNamedRoot(root, number: number, into: parent)
      }
    }
    flush()
    planner.finisher.release(target)
  }

  // MARK: Roots

  private func makeTarget() throws(BackupError) -> RestoredFolder {
    do {
      let handle = try DirectoryHandle.makePath(planner.plan.target, mode: 0o700)
      let status = try handle.status()
      // With one folder as root, the target becomes that folder; else it stays as it is.
      var entry = TreeEntry(name: [UInt8(ascii: ".")], kind: .directory)
      entry.mode = status.mode & 0o7777
      entry.uid = status.uid
      entry.gid = status.gid
      entry.modified = EntryTime(
        seconds: status.modification.seconds,
        nanoseconds: status.modification.nanoseconds
      )
      var attributes: [EntryAttribute] = []
      if planner.plan.subpath.isEmpty, planner.plan.snapshot.roots.count == 1,
        let root = planner.plan.snapshot.roots.first, root.entry.kind == .directory
      {
        entry = root.entry
        attributes = try self.attributes(of: root.entry, path: [])
      }
      return RestoredFolder(handle: handle, parent: nil, entry: entry, attributes: attributes)
    } catch let error as FilesError {
      throw error.isNotADirectory
        ? .targetNotAFolder(path: planner.plan.target)
        : .target(path: planner.plan.target, error)
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError(error)
    }
  }

  private mutating func restoreRoot(
    _ root: SnapshotRoot,
    number: Int,
    into target: RestoredFolder
  ) throws(BackupError) {
    if root.entry.kind == .directory, let subtree = root.entry.directory {
      try restoreEntries(of: subtree, root: number, path: [], into: target)
    } else {
      try restoreNamedRoot(root, number: number, into: target)
    }
  }

  private mutating func restoreNamedRoot(
    _ root: SnapshotRoot,
    number: Int,
    into folder: RestoredFolder
  ) throws(BackupError) {
    guard let name = root.path.split(separator: UInt8(ascii: "/")).last else {
      // The root of the file system among several roots: its content fills the target.
      return try restoreRoot(root, number: number, into: folder)
    }
    var entry = root.entry
    entry.name = Array(name)
    try restore(entry, root: number, path: [], into: folder)
  }

  private mutating func restoreSubpath(
    _ path: [[UInt8]],
    into target: RestoredFolder
  )
    throws(BackupError)
  {
    for (number, root) in planner.plan.snapshot.roots.enumerated() {
      guard let below = SnapshotPath.below(root, path) else { continue }
      let entry: TreeEntry?
      do throws(TreeReadError<RepositoryError>) {
        entry =
          below.isEmpty
          ? root.entry : try lookUp(below, in: root.entry)
      } catch {
        throw error.backupError
      }
      guard let entry else { continue }
      let joined = Array(below.joined(separator: [UInt8(ascii: "/")]))
      if entry.kind == .directory, let subtree = entry.directory {
        return try restoreEntries(of: subtree, root: number, path: joined, into: target)
      }
      var named = entry
      if below.isEmpty, let name = root.path.split(separator: UInt8(ascii: "/")).last {
        named.name = Array(name)
      }
      let above = Array(below.dropLast().joined(separator: [UInt8(ascii: "/")]))
      return try restore(named, root: number, path: above, into: target)
    }
    throw .noSuchPath(Array(path.joined(separator: [UInt8(ascii: "/")])))
  }

  private func lookUp(
    _ path: [[UInt8]],
    in root: TreeEntry
  )
    throws(TreeReadError<RepositoryError>) -> TreeEntry?
  {
    guard let directory = root.directory else { return nil }
    return try reader.entry(atPath: path, in: directory)
  }

  /// Plain folders down to where a root goes; they are nobody's entries and keep what they have.
  private func makePath(
    to path: [UInt8],
    below target: RestoredFolder
  ) throws(BackupError)
    -> RestoredFolder
  {
    var folder = target
    for name in path.split(separator: UInt8(ascii: "/")).dropLast() {
      do {
        let handle = try openOrMake(Array(name), in: folder.handle)
        let status = try handle.status()
        var entry = TreeEntry(name: Array(name), kind: .directory)
        entry.mode = status.mode & 0o7777
        entry.uid = status.uid
        entry.gid = status.gid
        entry.modified = EntryTime(
          seconds: status.modification.seconds,
          nanoseconds: status.modification.nanoseconds
        )
        // Not counted at its parent: nothing waits for it.
        folder = RestoredFolder(handle: handle, parent: folder, entry: entry, attributes: [])
      } catch {
        throw .target(path: path, error)
      }
    }
    return folder
  }

  // MARK: Entries

  private mutating func restoreEntries(
    of subtree: ChunkID,
    root: Int,
    path: [UInt8],
    into top: RestoredFolder
  ) throws(BackupError) {
    // Depth first with a stack of its own: a tree may be deeper than a thread's stack.
    struct Level {
      let folder: RestoredFolder
      let path: [UInt8]
      var entries: DirectoryCursor<RepositoryError>
    }
    var stack = [Level(folder: top, path: path, entries: reader.entries(of: subtree))]
    while var level = stack.popLast() {
      if planner.interruption() { throw .interrupted }
      if planner.failure.isSet { return }
      let entry: TreeEntry?
      do {
        entry = try level.entries.next()
      } catch {
        // The rest of this folder is lost; what is beside it is not.
        planner.progress.note(
          RestoreFinding(path: level.folder.path, reason: .damagedContent(error))
        )
        if stack.isEmpty { return }
        planner.finisher.release(level.folder)
        continue
      }
      guard let entry else {
        if !stack.isEmpty { planner.finisher.release(level.folder) }
        continue
      }
      if entry.kind == .directory {
        let folder = try makeFolder(entry, in: level.folder)
        let below =
          level.path.isEmpty ? entry.name : level.path + [UInt8(ascii: "/")] + entry.name
        stack.append(level)
        guard stack.count <= SnapshotPath.depthLimit else { throw .tree(.tooDeep) }
        if let folder, let subtree = entry.directory {
          stack.append(Level(folder: folder, path: below, entries: reader.entries(of: subtree)))
        } else if let folder {
          planner.finisher.release(folder)
        }
      } else {
        try restore(entry, root: root, path: level.path, into: level.folder)
        stack.append(level)
      }
    }
  }

  /// Restores one entry; folders with all that is in them.
  private mutating func restore(
    _ entry: TreeEntry,
    root: Int,
    path: [UInt8],
    into folder: RestoredFolder
  ) throws(BackupError) {
    switch entry.kind {
    case .directory:
      guard let made = try makeFolder(entry, in: folder) else { return }
      if let subtree = entry.directory {
        let below = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
        try restoreEntries(of: subtree, root: root, path: below, into: made)
      }
      planner.finisher.release(made)
      return
    case .socket: return
    case .file, .symbolicLink, .fifo, .characterDevice, .blockDevice: break
    }
    let full = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
    if let group = linkGroups[LinkMember(root: UInt32(root), path: full)] {
      if let target = linkTargets[group] {
        return planner.finisher.link(entry.name, in: folder, to: target)
      }
      linkTargets[group] = RestoreFinisher.LinkedFile(folder: folder, name: entry.name)
      // Held until the links are made: folders above must not be closed to new names before.
    }
    if entry.kind == .file {
      try restoreFile(entry, in: folder)
    } else {
      removeInTheWay(entry, in: folder)
      planner.finisher.makeSpecial(
        entry,
        attributes: try attributes(of: entry, path: folder.path(of: entry.name)),
        in: folder
      )
    }
  }

  private func makeFolder(
    _ entry: TreeEntry,
    in parent: RestoredFolder
  ) throws(BackupError)
    -> RestoredFolder?
  {
    do {
      let handle = try openOrMake(entry.name, in: parent.handle)
      parent.retain()
      return RestoredFolder(
        handle: handle,
        parent: parent,
        entry: entry,
        attributes: try attributes(of: entry, path: parent.path(of: entry.name))
      )
    } catch let error as FilesError {
      planner.progress.note(
        RestoreFinding(
          path: parent.path(of: entry.name),
          reason: error.isNotADirectory
            ? .inTheWay : .notRestored(operation: error.operationName, errno: error.errno)
        )
      )
      return nil
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError(error)
    }
  }

  private func openOrMake(
    _ name: [UInt8],
    in parent: DirectoryHandle
  ) throws(FilesError)
    -> DirectoryHandle
  {
    do {
      try parent.makeDirectory(name, mode: 0o700)
    } catch {
      guard error.isExists else { throw error }
    }
    return try parent.openSubdirectory(name)
  }

  private func removeInTheWay(_ entry: TreeEntry, in folder: RestoredFolder) {
    do {
      let status = try folder.handle.status(of: entry.name)
      if status.kind != .directory { try folder.handle.unlink(entry.name) }
    } catch {
      // Ignored: nothing is there, or making the entry will say what is wrong.
    }
  }

  // MARK: Files

  private mutating func restoreFile(
    _ entry: TreeEntry,
    in folder: RestoredFolder
  )
    throws(BackupError)
  {
    folder.retain()
    let path = folder.path(of: entry.name)
    planner.progress.working(on: path)
    let file = RestoredFile(
      folder: folder,
      entry: entry,
      attributes: try attributes(of: entry, path: path),
      holes: try holes(of: entry, path: path)
    )
    do {
      switch entry.content {
      case .empty: break
      case .inline(let bytes):
        try file.open().write(bytes.span, at: 0)
        planner.progress.add { $0.bytes += bytes.count }
      case .list, .paged: try queuePieces(of: file)
      }
    } catch {
      planner.finisher.failed(file, error)
    }
    planner.finisher.finishPiece(of: file)
    if window.isFull { flush() }
  }

  private mutating func queuePieces(of file: RestoredFile) throws {
    var offset: UInt64 = 0
    var items = reader.items(of: file.entry)
    while let reference = try items.next() {
      guard let (location, position) = try source.locations(of: reference.id).first else {
        throw RepositoryError.missingChunk(reference.id)
      }
      file.expectPiece()
      window.add(
        RestorePiece(file: file, offset: offset, reference: reference, position: position),
        at: location
      )
      offset += UInt64(reference.length) * reference.repeats
      if window.isFull { flush() }
    }
  }

  private mutating func flush() {
    for job in window.take() {
      planner.pending.add()
      if !planner.queue.push(job) { planner.pending.done() }
    }
    // A window is read while the next one is gathered, and not more than that.
    planner.pending.waitUntilBelow(32)
  }

  // MARK: Nodes beside the content

  private func attributes(
    of entry: TreeEntry,
    path: [UInt8]
  ) throws(BackupError)
    -> [EntryAttribute]
  {
    do {
      return try reader.attributes(of: entry)
    } catch {
      planner.progress.note(RestoreFinding(path: path, reason: .damagedContent(error)))
      return []
    }
  }

  private func holes(of entry: TreeEntry, path: [UInt8]) throws(BackupError) -> [HoleExtent] {
    do {
      return try reader.holes(of: entry)
    } catch {
      // Holes only save space: without their map everything is written.
      return []
    }
  }

  private mutating func loadLinks() throws(BackupError) {
    do {
      let nodes = try planner.plan.snapshot.hardLinks.map { try reader.node($0) }
      for (group, members) in try HardLinks.groups(of: nodes).enumerated() {
        for member in members { linkGroups[member] = group }
      }
    } catch {
      planner.progress.note(
        RestoreFinding(path: [], reason: .damagedContent(error))
      )
    }
  }
}
