package import CoreTypes
import Indexing
import Packing
package import Repositories
import Sealing

/// Finds what objects and packs hold, by their ids or the beginnings of them.
package struct ObjectContent {
  private let repository: OpenRepository

  package init(repository: OpenRepository) { self.repository = repository }

  /// Which objects are meant.
  package enum Selection: Sendable {
    /// Objects whose ids begin so.
    case objects(IDBeginning)
    /// All objects of packs whose ids begin so.
    case packs(IDBeginning)
  }

  /// The chunks in the objects that are meant; `nil` if this store has no such object.
  package func chunks(of selection: Selection) throws(BrowsingError) -> Set<ChunkID>? {
    var places: [ObjectLocation] = []
    do {
      try repository.index.forEachObject { location in
        let isMeant =
          switch selection {
          case .objects(let beginning): beginning.begins(location.place.id.digest)
          case .packs(let beginning): beginning.begins(location.pack.digest)
          }
        if isMeant { places.append(location) }
      }
    } catch {
      throw .repository(.index(error))
    }
    guard !places.isEmpty else { return nil }
    var chunks: Set<ChunkID> = []
    do {
      let opener = try ObjectOpener(keyring: repository.keyring)
      for location in places {
        let head = try repository.packs.head(of: location.place, in: location.pack)
        chunks.formUnion(try opener.directory(of: head).chunkIDs)
      }
    } catch let error as PackingError {
      throw .repository(.packing(error))
    } catch let error as SealingError {
      throw .repository(.sealing(error))
    } catch {
      throw .output(error)
    }
    return chunks
  }
}
