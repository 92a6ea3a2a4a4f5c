import CoreTypes
import Indexing
import Packing
import Sealing
import Storage

/// Objects that a reader could not have, though the store has them: a disk that failed for a while gives them back.
struct UnreadableObjects {
  let repository: OpenRepository

  /// Reads again what could not be read, and takes the marks off what is sound.
  ///
  /// Costs the bytes of what was marked, and nothing where nothing was. Without it, a cable that was out during a check
  /// would have everything stored twice.
  func tryAgain() throws(RepositoryError) {
    do {
      let objects = try repository.index.unreadableObjects()
      guard !objects.isEmpty else { return }
      let sound = try objects.filter { object in
        guard let location = try repository.index.location(of: object) else { return false }
        return isSound(location)
      }
      try repository.index.clearDamage(of: sound)
    } catch {
      throw RepositoryError(error)
    }
  }

  private func isSound(_ location: ObjectLocation) -> Bool {
    let place = location.place
    do {
      let head = try repository.packs.head(of: place, in: location.pack)
      let body = try repository.store.read(
        BlobName(.pack, location.pack.digest),
        from: place.bodyOffset,
        count: place.bodyByteCount
      )
      return PlainHash.of(body) == head.bodyHash
    } catch {
      // As it was: the mark stays.
      return false
    }
  }
}
