import CoreTypes
import Files
import Repositories
import Restoring
import Trees

/// Finds out whether a target has room for what is restored to it, before anything is written.
///
/// The totals of the snapshot are known at once, and mostly fit. They count holes and every name of a file, and nothing of
/// what is there already: so where they do not fit, the trees are walked once more than needed, and the target is looked
/// at, to learn what must be written at least. Content that differs from what is there is not known yet; it counts as equal
/// as far as the old file has blocks.
struct RoomSurvey {
  private let context: RestoreContext
  private let reader: TreeReader<RepositoryError>
  private let links: LinkGroups
  private var room: RestoreRoom
  /// Folders of the target that the walk is in; `nil` as long as one is not there.
  private var folders: [DirectoryHandle?] = []
  /// Groups of hard links of which a name was met.
  private var met: Set<Int> = []

  /// Throws if the room surely does not suffice; says so where it may not.
  static func run(
    for starts: [RestoreStart],
    context: RestoreContext,
    reader: TreeReader<RepositoryError>
  ) throws(BackupError) {
    let target = context.plan.target
    let fileSystem: FileSystem
    let top: DirectoryHandle?
    do throws(FilesError) {
      fileSystem = try FileSystem.holding(target)
      top = try folder(at: target)
    } catch {
      // What is wrong with it is told when it is opened.
      return
    }
    var room = RestoreRoom(
      availableBytes: fileSystem.availableByteCount,
      availableEntries: fileSystem.availableFileCount
    )
    let totals = starts.reduce(TreeTotals.zero) { $0.adding($1.entry.totals) }
    room.neededBytes = totals.bytes
    room.neededEntries = totals.entries
    guard room.lacksBytes || room.lacksEntries else { return }
    room = try exact(room, starts, top, context, reader)
    guard room.lacksBytes || room.lacksEntries else { return }
    let isSure = fileSystem.storesAsWritten && context.plan.extras == .keep
    guard isSure, !context.isDryRun else { return context.progress.warn(of: room) }
    throw .noRoom(target: target, room)
  }

  private static func folder(at path: [UInt8]) throws(FilesError) -> DirectoryHandle? {
    do throws(FilesError) {
      return try DirectoryHandle.open(path: path)
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  /// What must be written at least.
  private static func exact(
    _ room: RestoreRoom,
    _ starts: [RestoreStart],
    _ top: DirectoryHandle?,
    _ context: RestoreContext,
    _ reader: TreeReader<RepositoryError>
  ) throws(BackupError) -> RestoreRoom {
    var survey = RoomSurvey(
      RestoreRoom(availableBytes: room.availableBytes, availableEntries: room.availableEntries),
      context,
      reader
    )
    let walk = RestoreWalk(reader: reader, filter: context.plan.filter) { () throws(BackupError) in
      try context.isStopped()
    }
    var ordinal: UInt64 = 0
    for start in starts {
      survey.folders = [survey.folder(above: start, top)]
      try walk.run(start, ordinal: &ordinal, &survey)
    }
    return survey.room
  }

  private init(
    _ room: RestoreRoom,
    _ context: RestoreContext,
    _ reader: TreeReader<RepositoryError>
  ) {
    self.room = room
    self.context = context
    self.reader = reader
    // What is wrong with the table is told when files are made.
    links = LinkGroups(of: context.plan.snapshot, reader: reader, progress: RestoreProgress())
  }
}

extension RoomSurvey: RestoreVisitor {
  mutating func enterTarget(
    _ start: RestoreStart,
    _ selection: RestoreFilter.Selection
  ) throws(BackupError) {
    folders.append(folders.last ?? nil)
  }

  mutating func enter(_ walked: WalkedEntry) throws(BackupError) -> Bool {
    switch present(walked.entry.name) {
    case .nothing:
      if walked.selection.isSelected { room.neededEntries &+= 1 }
      folders.append(nil)
    case .folder(let folder): folders.append(folder)
    case .other: return false
    }
    return true
  }

  mutating func leave(isWhole: Bool) throws(BackupError) { folders.removeLast() }

  mutating func lost(_ error: TreeReadError<RepositoryError>) {
    // The restore comes to it too, and tells it.
  }

  mutating func visit(_ walked: WalkedEntry) throws(BackupError) {
    let entry = walked.entry
    guard entry.kind != .socket else { return }
    if let group = links.group(of: walked), !met.insert(group).inserted { return }
    guard let status = status(of: entry.name) else {
      room.neededEntries &+= 1
      return room.need(bytes: dataByteCount(of: entry))
    }
    switch context.plan.overwrite.decision(for: entry, existing: status) {
    case .keep, .trustContent, .replaceFolder: break
    case .compareContent, .replace:
      let present = status.blocks.multipliedReportingOverflow(by: RoomSurvey.blockByteCount)
      let data = dataByteCount(of: entry)
      guard !present.overflow else { return room.free(bytes: .max) }
      if data > present.partialValue {
        room.need(bytes: data - present.partialValue)
      } else {
        room.free(bytes: present.partialValue - data)
      }
    }
  }
}

extension RoomSurvey {
  /// What a status counts: 512 bytes.
  private static let blockByteCount: UInt64 = 512

  /// What a folder of the target has under a name.
  private enum Present {
    case nothing
    case folder(DirectoryHandle)
    /// Something that may stay, or that lies on another file system.
    case other
  }

  private func present(_ name: [UInt8]) -> Present {
    guard let folder = folders.last ?? nil else { return .nothing }
    do throws(FilesError) {
      let below = try folder.openSubdirectory(name)
      return try below.status().device == folder.status().device ? .folder(below) : .other
    } catch {
      return error.isNotFound ? .nothing : .other
    }
  }

  private func status(of name: [UInt8]) -> FileStatus? {
    guard let folder = folders.last ?? nil else { return nil }
    do {
      return try folder.status(of: name)
    } catch {
      // Not there, or the restore will tell what is wrong with it.
      return nil
    }
  }

  /// The folder in which a start gets its name, or which it fills.
  private func folder(above start: RestoreStart, _ top: DirectoryHandle?) -> DirectoryHandle? {
    var folder = top
    for name in start.parents {
      do {
        folder = try folder?.openSubdirectory(name)
      } catch {
        return nil
      }
    }
    return folder
  }

  /// Bytes of an entry's content that are written: all but holes, and but what an entry holds itself.
  private func dataByteCount(of entry: TreeEntry) -> UInt64 {
    switch entry.content {
    case .empty, .inline: return 0
    case .list, .paged: break
    }
    do {
      return try reader.holes(of: entry).reduce(entry.size) { size, hole in
        size - min(size, hole.length)
      }
    } catch {
      // Without their map everything is written.
      return entry.size
    }
  }
}
