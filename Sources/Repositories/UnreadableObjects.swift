import CoreTypes
package import Indexing
import Packing
import Sealing
package import Storage

/// Objects that a reader could not have, though the store has them: a disk that failed for a while gives them back.
package struct UnreadableObjects {
  private let store: any BlobStore
  private let index: ObjectIndex

  package init(of store: any BlobStore, index: ObjectIndex) {
    self.store = store
    self.index = index
  }

  /// Reads again what could not be read, and takes the marks off what is sound.
  ///
  /// Costs the bytes of what was marked, and nothing where nothing was. Without it, a cable that was out during a check
  /// would have everything stored twice.
  package func tryAgain() throws(RepositoryError) {
    do {
      let objects = try index.unreadableObjects()
      guard !objects.isEmpty else { return }
      // A read that fails may take half a minute: one for each pack is enough to know that its disk still fails.
      var failing: Set<PackID> = []
      var sound: [ObjectID] = []
      for object in objects {
        guard let location = try index.location(of: object), !failing.contains(location.pack)
        else { continue }
        if isSound(location) { sound.append(object) } else { failing.insert(location.pack) }
      }
      try index.clearDamage(of: sound)
    } catch {
      throw RepositoryError(error)
    }
  }

  private func isSound(_ location: ObjectLocation) -> Bool {
    let place = location.place
    do {
      let head = try PackReader(store: store).head(of: place, in: location.pack)
      let body = try store.read(
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
