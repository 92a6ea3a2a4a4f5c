import Files
import Restoring
import Synchronization
import Threading
import Trees

/// Finishes files and folders when their last piece is done, and makes hard links at the end.
///
/// Safe to use from several threads.
final class RestoreFinisher: Sendable {
  let writer: EntryWriter
  private let effect: RestorePlan.Effect
  private let progress: RestoreProgress
  private let failure: FirstFailure<BackupError>
  private let links = Mutex<[PendingLink]>([])
  private let readBack: OrdinalSet?

  /// A further name of a file that was restored under its first.
  private struct PendingLink {
    let target: LinkedFile
    let folder: RestoredFolder
    let name: [UInt8]
  }

  /// The first name of a group of hard links.
  struct LinkedFile: Sendable {
    let folder: RestoredFolder
    let name: [UInt8]
    /// The file, for those that have content.
    let file: RestoredFile?
  }

  init(plan: RestorePlan, progress: RestoreProgress, failure: FirstFailure<BackupError>) {
    effect = plan.effect
    self.progress = progress
    self.failure = failure
    switch plan.proof {
    case .none: readBack = nil
    case .readBack: readBack = OrdinalSet()
    }
    writer = EntryWriter(owners: plan.owners) { finding in progress.note(finding) }
  }

  // MARK: Failures

  /// Notes that the system refused an entry.
  ///
  /// On a full or read-only disk every further one would fail: better to stop and say so once.
  func refused(_ path: [UInt8], _ error: FilesError) {
    if error.isNoSpace || error.isReadOnlyFileSystem {
      return failure.record(.target(path: path, error))
    }
    progress.note(RestoreFinding(path: path, reason: RestoreFinding.Reason(error)))
  }

  /// Notes that a file's content could not be read or written; only the first such note counts.
  func failed(_ file: RestoredFile, _ error: any Error) {
    guard file.fail() else { return }
    if let error = error as? FilesError { return refused(file.path, error) }
    progress.note(RestoreFinding(path: file.path, reason: .damagedContent(error)))
  }

  // MARK: Files and folders

  /// Says that a piece of a file is done; the last one finishes the file.
  func finishPiece(of file: RestoredFile) {
    guard file.finishPiece() else { return }
    finish(file)
    release(file.folder)
  }

  private func finish(_ file: RestoredFile) {
    guard !file.hasFailed else {
      // A run that stops leaves the file marked, so that the next one goes on with it.
      if !failure.isSet { file.abandonPatch() }
      return file.discard()
    }
    do {
      let action: RestoreAction
      switch effect {
      case .restore: action = try file.finish(with: writer)
      case .foresee: action = try file.foresee(with: writer)
      }
      readBack?.insert(file.ordinal)
      count(action, of: file)
    } catch {
      file.discard()
      failed(file, error)
    }
  }

  private func count(_ action: RestoreAction, of file: RestoredFile) {
    progress.add { counters in
      switch action {
      case .created, .replaced, .updated: counters.files += 1
      case .attributesChanged: counters.filesTouched += 1
      case .unchanged, .kept: counters.filesSkipped += 1
      case .removed: break
      }
    }
    progress.act(action, byteCount: file.entry.size) { file.path }
  }

  /// Says that something in a folder is done; the last one gives the folder its attributes.
  func release(_ first: RestoredFolder) {
    var folder = first
    while folder.release() {
      if case .restore = effect, folder.finish(with: writer) {
        progress.add { $0.folders += 1 }
      }
      guard let parent = folder.parent else { return }
      folder = parent
    }
  }

  /// Files that were finished, by their number in the walk, where they are to be read back.
  var finishedFiles: OrdinalSet? { readBack }

  // MARK: Links

  /// Keeps a further name for the end; its folder waits for it.
  func link(_ name: [UInt8], in folder: RestoredFolder, to target: LinkedFile) {
    folder.retain()
    target.folder.retain()
    links.withLock { $0.append(PendingLink(target: target, folder: folder, name: name)) }
  }

  /// Makes the further names.
  ///
  /// Every file has been written by now.
  func finishLinks() {
    let pending = links.withLock { links in
      defer { links = [] }
      return links
    }
    for link in pending {
      let path = link.folder.path(of: link.name)
      if link.target.file?.hasFailed ?? false {
        progress.note(RestoreFinding(path: path, reason: .linkWithoutFile))
      } else {
        do {
          let action = try make(link)
          progress.add { action == .unchanged ? ($0.filesSkipped += 1) : ($0.files += 1) }
          progress.act(action) { path }
        } catch {
          refused(path, error)
        }
      }
      release(link.folder)
      release(link.target.folder)
    }
  }

  private func make(_ link: PendingLink) throws(FilesError) -> RestoreAction {
    let (from, to) = (link.target.folder.handle, link.folder.handle)
    do {
      try from.makeHardLink(from: link.target.name, to: to, link.name)
      return .created
    } catch {
      guard error.isExists else { throw error }
    }
    let present = try to.status(of: link.name)
    let first = try from.status(of: link.target.name)
    if present.inode == first.inode, present.device == first.device { return .unchanged }
    // Replaced by rename, so that the name is never missing.
    let temporary = TemporaryName.make()
    try from.makeHardLink(from: link.target.name, to: to, temporary)
    do {
      try to.rename(temporary, to: to, link.name, replacing: .allow)
    } catch {
      TemporaryName.remove(temporary, from: to)
      throw error
    }
    return .replaced
  }
}
