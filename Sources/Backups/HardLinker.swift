import Files
import Restoring
import Synchronization
import Trees

/// The first name of a file that has several in the snapshot, once it was restored or found right.
struct LinkedFile: Sendable {
  /// Path below the target of the folder that it is in.
  let folder: [UInt8]
  let name: [UInt8]
  /// How the file's own restore went; `nil` if it is done.
  let outcome: FileOutcome?
}

/// Makes the further names of files, as soon as each file is whole.
///
/// Used by the planner's thread alone. Holds few folders open, however many have such names.
final class HardLinker {
  private let finisher: RestoreFinisher
  private let progress: RestoreProgress
  private let target: DirectoryHandle?
  private var pending: [PendingLink] = []
  private var recent: [(path: [UInt8], handle: DirectoryHandle)] = []
  private var oldest = 0

  private struct PendingLink {
    let file: LinkedFile
    let folder: RestoredFolder
    let name: [UInt8]
  }

  /// Names that wait for their file at most, and with them the folders that are held open.
  private static let pendingLimit = 1024
  /// Folders of first names that are kept open: an ordinary user may not be able to enter them again.
  private static let recentLimit = 64

  init(target: DirectoryHandle?, finisher: RestoreFinisher, progress: RestoreProgress) {
    self.target = target
    self.finisher = finisher
    self.progress = progress
  }

  /// A file of which there will be further names.
  func first(_ name: [UInt8], in folder: RestoredFolder, _ outcome: FileOutcome?) -> LinkedFile {
    let path = folder.path
    keep(path, folder.handle)
    return LinkedFile(folder: path, name: name, outcome: outcome)
  }

  /// Makes a further name when its file is whole; the folder waits for it.
  ///
  /// False if so many wait that the files should be finished first.
  func link(_ name: [UInt8], in folder: RestoredFolder, to file: LinkedFile) -> Bool {
    folder.retain()
    let link = PendingLink(file: file, folder: folder, name: name)
    if isSettled(file) {
      make(link)
      return true
    }
    pending.append(link)
    return pending.count < HardLinker.pendingLimit
  }

  /// Makes the names whose files are done; all, when every file is.
  func makePending() {
    let links = pending
    pending = []
    for link in links {
      if isSettled(link.file) {
        make(link)
      } else {
        pending.append(link)
      }
    }
  }

  /// Whether something that is there is a name of the file already.
  func isName(_ status: FileStatus, of file: LinkedFile) -> Bool {
    do {
      let first = try folder(file.folder).status(of: file.name)
      return first.inode == status.inode && first.device == status.device
    } catch {
      // The file is not there yet.
      return false
    }
  }

  private func isSettled(_ file: LinkedFile) -> Bool { file.outcome?.value != .pending }

  // MARK: One link

  private func make(_ link: PendingLink) {
    let path = link.folder.path(of: link.name)
    if link.file.outcome?.value == .failed {
      progress.note(RestoreFinding(path: path, reason: .linkWithoutFile))
    } else {
      do {
        let action = try place(link)
        progress.add { action == .unchanged ? ($0.filesSkipped += 1) : ($0.files += 1) }
        progress.act(action) { path }
      } catch {
        finisher.refused(path, error)
      }
    }
    finisher.release(link.folder)
  }

  private func place(_ link: PendingLink) throws(FilesError) -> RestoreAction {
    let (from, to) = (try folder(link.file.folder), link.folder.handle)
    do {
      try from.linkUnlocked(link.file.name, to: to, link.name)
      return .created
    } catch {
      guard error.isExists else { throw error }
    }
    let present = try to.status(of: link.name)
    let first = try from.status(of: link.file.name)
    if present.inode == first.inode, present.device == first.device { return .unchanged }
    // Replaced by rename, so that the name is never missing.
    let temporary = TemporaryName.make()
    try from.linkUnlocked(link.file.name, to: to, temporary)
    do {
      try to.rename(temporary, to: to, link.name, replacing: .allow)
    } catch {
      TemporaryName.remove(temporary, from: to)
      throw error
    }
    return .replaced
  }

  // MARK: Folders

  /// The folder of a path below the target; no link on the way is followed.
  private func folder(_ path: [UInt8]) throws(FilesError) -> DirectoryHandle {
    if let known = recent.last(where: { $0.path == path }) { return known.handle }
    guard var handle = target else { throw FilesError.stale(path) }
    for name in path.split(separator: UInt8(ascii: "/")) {
      handle = try handle.openSubdirectory(Array(name))
    }
    keep(path, handle)
    return handle
  }

  private func keep(_ path: [UInt8], _ handle: DirectoryHandle) {
    if recent.contains(where: { $0.path == path }) { return }
    if recent.count < HardLinker.recentLimit {
      recent.append((path: path, handle: handle))
    } else {
      recent[oldest] = (path: path, handle: handle)
      oldest = (oldest + 1) % HardLinker.recentLimit
    }
  }
}
