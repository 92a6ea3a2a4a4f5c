import Files
import Restoring
import Synchronization
import Trees

/// Finishes files and folders when their last piece is done, and makes hard links at the end.
///
/// Safe to use from several threads.
final class RestoreFinisher: Sendable {
  private let writer: EntryWriter
  private let progress: RestoreProgress
  private let links = Mutex<[PendingLink]>([])

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
  }

  init(plan: RestorePlan, progress: RestoreProgress) {
    self.progress = progress
    writer = EntryWriter(policy: EntryWriter.Policy(setsOwner: plan.setsOwner)) { finding in
      progress.note(finding)
    }
  }

  /// Makes a link, FIFO or device.
  func makeSpecial(_ entry: TreeEntry, attributes: [EntryAttribute], in folder: RestoredFolder) {
    let path = folder.path(of: entry.name)
    if writer.makeSpecial(entry, attributes: attributes, in: folder.handle, path: path) {
      progress.add { $0.others += 1 }
    }
  }

  /// Says that a piece of a file is done; the last one finishes the file.
  func finishPiece(of file: RestoredFile) {
    guard file.finishPiece() else { return }
    if file.hasFailed {
      file.abandon()
    } else {
      do {
        try file.finish(with: writer)
        progress.add { $0.files += 1 }
      } catch {
        file.abandon()
        progress.note(
          RestoreFinding(
            path: file.path,
            reason: .notRestored(operation: error.operationName, errno: error.errno)
          )
        )
      }
    }
    release(file.folder)
  }

  /// Notes that a file's content could not be read or written.
  func failed(_ file: RestoredFile, _ error: any Error) {
    let isFirst = !file.hasFailed
    file.fail()
    guard isFirst else { return }
    let reason: RestoreFinding.Reason
    if let error = error as? FilesError {
      reason = .notRestored(operation: error.operationName, errno: error.errno)
    } else {
      reason = .damagedContent(error)
    }
    progress.note(RestoreFinding(path: file.path, reason: reason))
  }

  /// Says that something in a folder is done; the last one gives the folder its attributes.
  func release(_ first: RestoredFolder) {
    var folder = first
    while folder.release() {
      writer.apply(
        folder.entry,
        attributes: folder.attributes,
        to: folder.handle,
        path: folder.path
      )
      progress.add { $0.folders += 1 }
      guard let parent = folder.parent else { return }
      folder = parent
    }
  }

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
    for link in links.withLock({ $0 }) {
      do {
        try make(link)
        progress.add { $0.files += 1 }
      } catch {
        progress.note(
          RestoreFinding(
            path: link.folder.path(of: link.name),
            reason: .notRestored(operation: error.operationName, errno: error.errno)
          )
        )
      }
      release(link.folder)
      release(link.target.folder)
    }
  }

  private func make(_ link: PendingLink) throws(FilesError) {
    do {
      try link.target.folder.handle.makeHardLink(
        from: link.target.name,
        to: link.folder.handle,
        link.name
      )
    } catch {
      guard error.isExists else { throw error }
      // Replaced by rename, so that the name is never missing.
      let temporary = RestoreNames.temporary()
      try link.target.folder.handle.makeHardLink(
        from: link.target.name,
        to: link.folder.handle,
        temporary
      )
      try link.folder.handle.rename(
        temporary,
        to: link.folder.handle,
        link.name,
        replacing: .allow
      )
    }
  }
}
