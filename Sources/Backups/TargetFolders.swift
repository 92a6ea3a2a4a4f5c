import Files
import Repositories
import Restoring
import Trees

/// The folders of the target between its top and where a walk is: opened where they are, made when something is put in.
struct TargetFolders {
  private let context: RestoreContext
  private let reader: TreeReader<RepositoryError>
  private var levels: [Level] = []

  /// One folder that the walk is in.
  struct Level {
    let entry: TreeEntry
    /// The folder; `nil` as long as it is not there.
    var folder: RestoredFolder?
    /// What it held before; `nil` if it was not there.
    var listing: TargetListing?
    /// Something else has its name and stays: nothing below it can be restored.
    var isBlocked = false
    /// How far patterns have come here, for what the snapshot lacks.
    let position: RestoreFilter.Position?
    /// It is above what is restored: nobody's entry.
    var isAbove = false
    /// It is above what is restored, and something else has its name.
    var isObstructed = false
    /// Where something else than a folder is, and has not made room yet.
    var obstacle: FileStatus?
    /// It would be made, and that has been told.
    var isForeseen = false
  }

  init(context: RestoreContext, reader: TreeReader<RepositoryError>) {
    self.context = context
    self.reader = reader
  }

  /// The folder that the walk is in.
  var innermost: Level? { levels.last }

  // MARK: Going down and up

  /// Goes into the target, which is the folder that is restored.
  mutating func enter(_ target: RestoredFolder?, _ entry: TreeEntry, patternPath: [UInt8]) {
    levels.append(
      Level(
        entry: entry,
        folder: target,
        listing: target.flatMap { list($0) },
        position: context.plan.filter?.position(of: patternPath)
      )
    )
  }

  /// Goes down to the folder in which a start gets its name.
  ///
  /// The folders on the way are not what is restored: they are made when they are needed, and what else is in them stays.
  mutating func enterAbove(_ start: RestoreStart, _ target: RestoredFolder?) {
    let position = context.plan.filter?.position(of: start.patternPathAbove)
    levels.append(
      Level(
        entry: TreeEntry(name: [], kind: .directory),
        folder: target,
        listing: target.flatMap { list($0) },
        position: position,
        isAbove: true
      )
    )
    for name in start.parents {
      var level = Level(
        entry: TreeEntry(name: name, kind: .directory),
        position: position,
        isAbove: true
      )
      if let parent = levels.last?.folder {
        do throws(FilesError) {
          let folder = folder(try parent.handle.openSubdirectory(name), level, in: parent, .above)
          level.folder = folder
          level.listing = list(folder)
        } catch {
          if error.isNotADirectory {
            level.isObstructed = true
          } else if !error.isNotFound {
            level.isBlocked = true
            context.finisher.refused(parent.path(of: name), error)
          }
        }
      }
      levels.append(level)
    }
  }

  /// Goes into a folder of the innermost one; false if nothing below it can be restored.
  mutating func enter(_ walked: WalkedEntry) -> Bool {
    let entry = walked.entry
    var level = Level(
      entry: entry,
      position: levels.last?.position.flatMap { place in
        context.plan.filter?.position(below: entry.name, in: place)
      }
    )
    switch existing(entry.name) {
    case .failure(let error):
      context.finisher.refused(path(of: entry.name), error)
      return false
    case .success(nil): break
    case .success(let status?) where status.kind == .directory:
      guard open(&level, status) else { return false }
    case .success(let status?):
      // It makes room when the folder is needed, and not before.
      level.obstacle = status
    }
    levels.append(level)
    guard walked.selection.isSelected else { return true }
    if need() == nil, !context.isDryRun || isBlocked {
      levels.removeLast()
      return false
    }
    return true
  }

  /// Leaves the innermost folder.
  mutating func leave() -> Level? { levels.popLast() }

  private var isBlocked: Bool { levels.last?.isBlocked ?? false }

  /// The path of something in the innermost folder, for messages.
  func path(of name: [UInt8]) -> [UInt8] {
    var names: [[UInt8]] = [name]
    for level in levels.reversed() {
      if let folder = level.folder {
        names.append(folder.path)
        break
      }
      names.append(level.entry.name)
    }
    return Array(names.reversed().filter { !$0.isEmpty }.joined(separator: [UInt8(ascii: "/")]))
  }

  // MARK: What is there

  /// What has a name in the innermost folder; names must be asked for in ascending order.
  mutating func existing(_ name: [UInt8]) -> Result<FileStatus?, FilesError> {
    guard let last = levels.indices.last, let folder = levels[last].folder,
      levels[last].listing != nil
    else { return .success(nil) }
    let isListed = levels[last].listing?.has(name) ?? false
    if !isListed {
      switch context.plan.extras {
      case .keep: return .success(nil)
      // Where upper and lower case are one, a name that is not listed may be there, and must not be removed as an extra.
      case .remove: break
      }
    }
    do throws(FilesError) {
      let status = try folder.handle.status(of: name)
      if !isListed { levels[last].listing?.isAmbiguous = true }
      return .success(status)
    } catch {
      return error.isNotFound ? .success(nil) : .failure(error)
    }
  }

  private func list(_ folder: RestoredFolder) -> TargetListing? {
    do {
      return try TargetListing(of: folder.handle)
    } catch {
      context.finisher.refused(folder.path, error)
      return nil
    }
  }

  private mutating func open(_ level: inout Level, _ status: FileStatus) -> Bool {
    guard let parent = levels.last?.folder else { return false }
    let name = level.entry.name
    do throws(FilesError) {
      let handle =
        context.isDryRun
        ? try parent.handle.openSubdirectory(name)
        : try parent.handle.openAccessible(name, status)
      let folder = folder(handle, level, in: parent, .present)
      level.folder = folder
      level.listing = list(folder)
      return true
    } catch {
      context.finisher.refused(parent.path(of: name), error)
      return false
    }
  }

  // MARK: Making

  /// The innermost folder, made with those above it if it is not there.
  ///
  /// `nil` if it cannot be, which has been noted, or if nothing is to be written.
  mutating func need() -> RestoredFolder? {
    guard let last = levels.indices.last else { return nil }
    if let folder = levels[last].folder {
      if context.isDryRun { folder.touch() } else { folder.prepareForChanges() }
      return folder
    }
    // From the first that is missing; those above it are there.
    var first = last
    while first > 0, levels[first - 1].folder == nil { first -= 1 }
    for index in first...last {
      guard !levels[index].isBlocked else { return nil }
      make(index)
      if levels[index].isBlocked {
        for below in index...last { levels[below].isBlocked = true }
        return nil
      }
    }
    return levels[last].folder
  }

  private mutating func make(_ index: Int) {
    let entry = levels[index].entry
    guard levels[index].folder == nil, !levels[index].isForeseen else { return }
    let mayBeMade =
      levels[index].obstacle.map {
        context.plan.overwrite.makesRoom(for: entry, existing: $0)
      } ?? !levels[index].isObstructed
    guard mayBeMade else {
      levels[index].isBlocked = true
      context.progress.note(RestoreFinding(path: path(at: index), reason: .inTheWay))
      return
    }
    if context.isDryRun {
      context.progress.act(levels[index].obstacle == nil ? .created : .replaced) { path(at: index) }
      levels[index].isForeseen = true
      if !levels[index].isAbove { context.progress.add { $0.folders += 1 } }
      return
    }
    guard index > 0, let parent = levels[index - 1].folder else { return }
    do throws(FilesError) {
      if levels[index].obstacle != nil { try parent.handle.unlink(entry.name) }
      try parent.handle.makeDirectory(entry.name, mode: 0o700)
      let handle = try parent.handle.openSubdirectory(entry.name)
      parent.touch()
      let origin = levels[index].isAbove ? RestoredFolder.Origin.above : .made
      levels[index].folder = folder(handle, levels[index], in: parent, origin)
      context.progress.act(levels[index].obstacle == nil ? .created : .replaced) { path(at: index) }
      levels[index].obstacle = nil
    } catch {
      levels[index].isBlocked = true
      context.finisher.refused(parent.path(of: entry.name), error)
    }
  }

  private func folder(
    _ handle: DirectoryHandle,
    _ level: Level,
    in parent: RestoredFolder,
    _ origin: RestoredFolder.Origin
  ) -> RestoredFolder {
    // Nothing waits for a folder that is nobody's entry.
    if !level.isAbove { parent.retain() }
    return RestoredFolder(
      handle: handle,
      parent: parent,
      entry: level.entry,
      attributes: attributes(of: level.entry) { parent.path(of: level.entry.name) },
      origin: origin,
      isTouched: origin == .made
    )
  }

  private func path(at index: Int) -> [UInt8] {
    var folders = self
    folders.levels.removeSubrange(index...)
    return folders.path(of: levels[index].entry.name)
  }

  private func attributes(of entry: TreeEntry, path: () -> [UInt8]) -> [EntryAttribute] {
    do {
      return try reader.attributes(of: entry)
    } catch {
      context.progress.note(RestoreFinding(path: path(), reason: .damagedContent(error)))
      return []
    }
  }
}
