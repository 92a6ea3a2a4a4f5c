package import CoreTypes
import Sealing
import Storage

/// Removes damaged files of records that were given up.
///
/// Source: Formats/record-log.md §6.
package struct SpentRecordFiles {
  /// What became of them.
  package struct Outcome: Equatable, Sendable {
    package var removed: [Digest] = []
    /// Those that the machine with the store does not let go.
    package var kept: [Digest] = []
    package init() {}
  }

  private let repository: KeylessRepository

  package init(of repository: KeylessRepository) { self.repository = repository }

  /// Removes those that the log knows, under the commit lock, and reads the log anew.
  package func remove() throws(RepositoryError) -> Outcome {
    var outcome = Outcome()
    for name in repository.log.spentFiles {
      switch try remove(name) {
      case .removed: outcome.removed.append(name)
      case .kept: outcome.kept.append(name)
      case .sound: break
      }
    }
    if !repository.log.spentFiles.isEmpty { try repository.refresh() }
    return outcome
  }

  private enum Fate {
    case removed
    case kept
    /// It was brought back meanwhile.
    case sound
  }

  private func remove(_ name: Digest) throws(RepositoryError) -> Fate {
    let (store, file) = (repository.store, BlobName(.record, name))
    do {
      return try store.withCommitLock { () throws(StorageError) in
        guard try !isSound(file) else { return .sound }
        try store.remove(file)
        return .removed
      }
    } catch {
      switch error {
      case .held, .denied: return .kept
      case .missing: return .removed
      default: throw .storage(error)
      }
    }
  }

  private func isSound(_ file: BlobName) throws(StorageError) -> Bool {
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try repository.store.read(file)
    } catch {
      // That the line or this machine's rights failed says nothing about the file.
      guard !error.isObstacle, !error.isMachineFault else { throw error }
      return false
    }
    guard PlainHash.of(bytes) == file.digest else { return false }
    do throws(RecordError) {
      _ = try Record.all(in: bytes)
      return true
    } catch {
      // Whole, but no record.
      return false
    }
  }
}
