import Threading
import CoreTypes
import Files
import Repositories
import Restoring
import Trees

/// Decides for each entry of a snapshot what is to be done, makes folders and small things, and hands out the rest.
///
/// Runs on the calling thread.
struct RestorePlanner: RestoreVisitor {
  private let context: RestoreContext
  private let reader: TreeReader<RepositoryError>
  private let target: RestoredFolder?
  private let links: LinkGroups
  private let linker: HardLinker
  private let extras: ExtraRemoval?
  private var content: ContentPlanner
  private var folders: TargetFolders
  private var linkTargets: [Int: LinkedFile] = [:]

  /// `target` is the folder that is filled; `nil` if it is not there and nothing is to be written.
  init(
    context: RestoreContext,
    source: ChunkSource,
    reader: TreeReader<RepositoryError>,
    target: RestoredFolder?
  ) {
    self.context = context
    self.reader = reader
    self.target = target
    links = LinkGroups(of: context.plan.snapshot, reader: reader, progress: context.progress)
    linker = HardLinker(
      target: target?.handle,
      finisher: context.finisher,
      progress: context.progress
    )
    switch context.plan.extras {
    case .keep: extras = nil
    case .remove: extras = target.flatMap { ExtraRemoval(context: context, below: $0) }
    }
    content = ContentPlanner(context: context, source: source, reader: reader)
    folders = TargetFolders(context: context, reader: reader)
  }

  /// Restores everything at or below a start, and waits until it is done.
  ///
  /// Another start may lead to the same places, and finds them finished then.
  mutating func restore(
    _ start: RestoreStart,
    ordinal: inout UInt64
  ) throws(BackupError) {
    let (context, reader) = (context, reader)
    let walk = RestoreWalk(reader: reader, filter: context.plan.filter) { () throws(BackupError) in
      try context.isStopped()
    }
    switch start.place {
    case .target: break
    case .named: folders.enterAbove(start, target)
    }
    try walk.run(start, ordinal: &ordinal, &self)
    while folders.leave() != nil {}
    finishContent()
  }

  /// Waits until every file that was handed out is done, and makes the further names of those that have any.
  private mutating func finishContent() {
    content.flush()
    context.jobs.drain()
    if !context.failure.isSet { linker.makePending() }
  }

  // MARK: Folders

  mutating func enterTarget(
    _ start: RestoreStart,
    _ selection: RestoreFilter.Selection
  ) throws(BackupError) {
    folders.enter(target, start.entry, patternPath: start.patternPath)
    if selection.isSelected { _ = folders.need() }
  }

  mutating func enter(_ folder: WalkedEntry) throws(BackupError) -> Bool {
    folders.enter(folder)
  }

  mutating func leave(isWhole: Bool) throws(BackupError) {
    guard let level = folders.leave(), let folder = level.folder else { return }
    if var listing = level.listing {
      listing.finish()
      if !context.isDryRun { removeLeftovers(&listing, of: folder) }
      // Where the snapshot's names are not all known, nothing can be said to be superfluous.
      if isWhole, !context.failure.isSet { extras?.remove(listing, from: folder, level.position) }
    }
    if folder.parent != nil, folder !== target { context.finisher.release(folder) }
  }

  mutating func lost(_ error: TreeReadError<RepositoryError>) {
    guard !context.finisher.stopsAtObstacle() else { return }
    let path = folders.innermost?.folder?.path ?? folders.path(of: [])
    context.progress.note(RestoreFinding(path: path, reason: .damagedContent(error)))
  }

  private func removeLeftovers(_ listing: inout TargetListing, of folder: RestoredFolder) {
    for name in listing.leftovers {
      do {
        switch try TemporaryName.removeLeftover(name, from: folder.handle) {
        case .removed: folder.touch()
        case .held: break
        case .foreign: listing.addExtra(name)
        }
      } catch {
        // Ignored: another restore may hold it, or have removed it.
      }
    }
  }

  // MARK: Everything else

  mutating func visit(_ walked: WalkedEntry) throws(BackupError) {
    let entry = walked.entry
    guard entry.kind != .socket else {
      _ = folders.existing(entry.name)
      return
    }
    let group = links.group(of: walked)
    let existing = folders.existing(entry.name)
    let folder = folders.need()
    switch existing {
    case .failure(let error):
      context.finisher.refused(folders.path(of: entry.name), error)
    case .success(let status):
      guard let folder else { return foresee(walked, status) }
      restore(walked, over: status, in: folder, group: group)
    }
  }

  /// Says what would be done in a folder that is not there yet.
  private func foresee(_ walked: WalkedEntry, _ status: FileStatus?) {
    guard context.isDryRun, folders.innermost?.isBlocked == false else { return }
    count(walked.entry, .created)
  }

  private mutating func restore(
    _ walked: WalkedEntry,
    over status: FileStatus?,
    in folder: RestoredFolder,
    group: Int?
  ) {
    let entry = walked.entry
    var decision: ExistingDecision?
    if let status {
      decision = context.plan.overwrite.decision(for: entry, existing: status)
    }
    switch decision {
    case .keep:
      // What is kept and looks as it should is the file that further names are names of.
      if let group, let status, linkTargets[group] == nil, looksRight(entry, status) {
        linkTargets[group] = linker.first(entry.name, in: folder, nil)
      }
      return count(entry, .kept)
    case .replaceFolder:
      guard makeRoom(for: entry, in: folder) else {
        return context.progress.note(
          RestoreFinding(path: folder.path(of: entry.name), reason: .inTheWay)
        )
      }
      decision = nil
    case .trustContent, .compareContent, .replace, nil: break
    }
    if let group, let first = linkTargets[group] {
      if context.isDryRun { return foresee(entry, namedAs: first, over: status) }
      if !linker.link(entry.name, in: folder, to: first) { finishContent() }
      return
    }
    var file: RestoredFile?
    if entry.kind == .file {
      file = content.restore(
        walked,
        over: status,
        decision,
        in: folder,
        nameCount: links.nameCount(group)
      )
    } else {
      restoreSpecial(entry, over: status, decision, in: folder)
    }
    if let group {
      linkTargets[group] = linker.first(entry.name, in: folder, file?.outcome)
    }
  }

  /// Says what would be done about a further name.
  private func foresee(_ entry: TreeEntry, namedAs first: LinkedFile, over status: FileStatus?) {
    guard let status else { return count(entry, .created) }
    count(entry, linker.isName(status, of: first) ? .unchanged : .replaced)
  }

  private func looksRight(_ entry: TreeEntry, _ status: FileStatus) -> Bool {
    entry.kind == .file && status.kind == .regular && status.size == entry.size
      && status.modification == entry.timestamp
  }

  /// Removes a folder that is where none should be: one that is empty, or any if extras are to be removed.
  private func makeRoom(for entry: TreeEntry, in folder: RestoredFolder) -> Bool {
    if let extras {
      let position = folders.innermost?.position
      return extras.removeTree(entry.name, from: folder, position)
    }
    do {
      if context.isDryRun {
        let present = try folder.handle.openSubdirectory(entry.name)
        return try present.entries().isEmpty
      }
      try folder.handle.removeDirectory(entry.name)
      return true
    } catch {
      return false
    }
  }

  /// Makes a link, FIFO or device.
  private func restoreSpecial(
    _ entry: TreeEntry,
    over status: FileStatus?,
    _ decision: ExistingDecision?,
    in folder: RestoredFolder
  ) {
    let writer = context.finisher.writer
    let attributes = attributes(of: entry, in: folder)
    if let status, decision != nil, writer.isSame(entry, as: status, in: folder.handle) {
      let holder = NamedEntry(
        entry.name,
        in: folder.handle,
        isLink: entry.kind == .symbolicLink
      )
      let differs = writer.differs(entry, attributes: attributes, holder, current: status)
      guard differs else { return count(entry, .unchanged) }
      // What has other names is replaced, not changed: the other names may be elsewhere.
      if status.linkCount == 1 {
        if !context.isDryRun {
          _ = writer.apply(entry, attributes: attributes, to: holder, current: status) {
            folder.path(of: entry.name)
          }
        }
        return count(entry, .attributesChanged)
      }
    }
    let action = decision == nil ? RestoreAction.created : .replaced
    if context.isDryRun { return count(entry, action) }
    do {
      let isMade = try writer.makeSpecial(
        entry,
        attributes: attributes,
        in: folder,
        replacing: decision == nil ? .refuse : .allow
      )
      if isMade { count(entry, action) }
    } catch {
      context.finisher.refused(folder.path(of: entry.name), error)
    }
  }

  private func attributes(of entry: TreeEntry, in folder: RestoredFolder) -> [EntryAttribute] {
    do {
      return try reader.attributes(of: entry)
    } catch {
      context.progress.note(
        RestoreFinding(path: folder.path(of: entry.name), reason: .damagedContent(error))
      )
      return []
    }
  }

  private func count(_ entry: TreeEntry, _ action: RestoreAction) {
    context.progress.add { counters in
      switch (entry.kind, action) {
      case (.file, .kept), (.file, .unchanged): counters.filesSkipped += 1
      case (.file, .attributesChanged): counters.filesTouched += 1
      case (.file, .created), (.file, .replaced), (.file, .updated): counters.files += 1
      case (_, .created), (_, .replaced), (_, .updated), (_, .attributesChanged):
        counters.others += 1
      case (_, .kept), (_, .unchanged), (_, .removed): break
      }
    }
    if entry.kind == .file, context.isDryRun, action == .created {
      context.progress.add(entry.size, to: \.bytes)
    }
    context.progress.act(action, byteCount: entry.size) { folders.path(of: entry.name) }
  }
}
