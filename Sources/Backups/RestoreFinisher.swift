import Files
import Repositories
import Restoring
import Storage
import Threading
import Trees

/// Finishes files and folders when their last piece is done.
///
/// Safe to use from several threads.
final class RestoreFinisher: Sendable {
  let writer: EntryWriter
  private let store: any BlobStore
  private let effect: RestorePlan.Effect
  private let progress: RestoreProgress
  private let failure: FirstFailure<BackupError>
  private let readBack: OrdinalSet?

  init(
    plan: RestorePlan,
    store: any BlobStore,
    progress: RestoreProgress,
    failure: FirstFailure<BackupError>
  ) {
    self.store = store
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
    guard file.fail(), !stopsAtObstacle() else { return }
    if let error = error as? FilesError { return refused(file.path, error) }
    progress.note(RestoreFinding(path: file.path, reason: .damagedContent(error)))
  }

  /// True if the store cannot be asked any more, which stops the run: it says nothing about the snapshot.
  func stopsAtObstacle() -> Bool {
    guard let obstacle = store.obstacle else { return false }
    failure.record(.repository(.storage(obstacle)))
    return true
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
      file.discard()
      return file.outcome.settle(.failed)
    }
    do {
      let action: RestoreAction
      switch effect {
      case .restore: action = try file.finish(with: writer)
      case .foresee: action = try file.foresee(with: writer)
      }
      readBack?.insert(file.ordinal)
      file.outcome.settle(.whole)
      count(action, of: file)
    } catch {
      file.discard()
      file.outcome.settle(.failed)
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
      let outcome =
        switch effect {
        case .restore: folder.finish(with: writer)
        case .foresee: folder.foresee(with: writer)
        }
      switch outcome {
      case .restored: progress.add { $0.folders += 1 }
      case .asItWas: progress.add { $0.foldersSkipped += 1 }
      case .leftAlone: break
      }
      guard let parent = folder.parent else { return }
      folder = parent
    }
  }

  /// Files that were finished, by their number in the walk, where they are to be read back.
  var finishedFiles: OrdinalSet? { readBack }
}
