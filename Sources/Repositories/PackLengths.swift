import CoreTypes
import Files
import Indexing
package import Packing
import Storage

extension OpenRepository {
  /// Looks whether packs are as long as they were; what was in one that is not counts as absent from now on.
  ///
  /// For whoever is about to rely on them, and for a store that is near: it costs a call for each pack. Of more than
  /// `packLengthLimit` so many are chosen at random.
  package func leaveOutChangedPacks() throws(RepositoryError) -> [PackingError] {
    guard store.concurrency == .near else { return [] }
    var changed: [PackingError] = []
    do {
      var packs = try index.packByteCounts()
      if packs.count > OpenRepository.packLengthLimit {
        packs.shuffle()
        packs.removeLast(packs.count - OpenRepository.packLengthLimit)
      }
      for (pack, expected) in packs {
        guard let found = try length(of: pack), found != expected else { continue }
        changed.append(.wrongLength(pack, expected: expected, found: found))
        let condemned = log.condemnedObjects
        let lost = try index.remove(pack).filter { !condemned.contains($0) }
        try index.markMissing(lost)
      }
    } catch {
      throw RepositoryError(error)
    }
    return changed
  }

  /// Packs of which the length is looked at: 128 GiB of them.
  private static let packLengthLimit = 4096

  /// `nil` where the disk does not say.
  private func length(of pack: PackID) throws(StorageError) -> Int? {
    do {
      return try store.byteCount(of: BlobName(.pack, pack.digest))
    } catch {
      switch error {
      // Removed by another since it was entered, or nobody may look: reading says what is wrong with it.
      case .missing: return nil
      case .failed(_, let error) where !error.isTooManyFiles: return nil
      default: throw error
      }
    }
  }
}
