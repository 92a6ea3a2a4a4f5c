package import CoreTypes
package import Indexing
package import Packing
package import Sealing
import Storage

/// Reads chunks by id, each proven before it is handed out.
///
/// One a thread: it owns an opener and a small cache.
package final class ChunkSource {
  private let repository: OpenRepository
  private let opener: ObjectOpener
  private var cache: [ObjectID: OpenedObject] = [:]
  private var order: [ObjectID] = []
  private var cachedByteCount = 0

  /// Plaintext of opened objects that is kept: 16 MiB.
  private static let cacheByteLimit = 16 << 20

  package init(repository: OpenRepository) throws(RepositoryError) {
    self.repository = repository
    do {
      opener = try ObjectOpener(keyring: repository.keyring)
    } catch {
      throw .sealing(error)
    }
  }

  /// Where the chunk can be read in this store, best first; empty if nowhere.
  package func locations(
    of chunk: ChunkID
  ) throws(RepositoryError)
    -> [(location: ObjectLocation, position: Int)]
  {
    var found: [(location: ObjectLocation, position: Int)] = []
    do {
      for place in try repository.catalog.places(of: chunk) {
        if let location = try repository.index.location(of: place.object) {
          found.append((location: location, position: place.position))
        }
      }
      if found.isEmpty { try repository.proveCaches() }
    } catch {
      throw .index(error)
    }
    return found
  }

  /// The chunk's bytes.
  ///
  /// Tries every object that holds it before it gives up.
  package func bytes(of chunk: ChunkID, kind: ChunkKind) throws(RepositoryError) -> [UInt8] {
    var failure: PackingError?
    for (location, position) in try locations(of: chunk) {
      do {
        let object = try open(location)
        return try object.chunk(
          at: position,
          id: chunk,
          kind: kind,
          pack: location.pack
        )
      } catch {
        if case .storage(let obstacle) = error, obstacle.isObstacle { throw .storage(obstacle) }
        failure = error
      }
    }
    if let failure { throw .damagedChunk(chunk, failure) }
    throw .missingChunk(chunk)
  }

  /// Opens an object, from the cache if it is there.
  package func open(_ location: ObjectLocation) throws(PackingError) -> OpenedObject {
    let id = location.place.id
    if let object = cache[id] { return object }
    let object = try openUncached(location)
    cache[id] = object
    order.append(id)
    cachedByteCount += object.body.plaintext.count
    while cachedByteCount > ChunkSource.cacheByteLimit, order.count > 1 {
      let oldest = order.removeFirst()
      if let dropped = cache.removeValue(forKey: oldest) {
        cachedByteCount -= dropped.body.plaintext.count
      }
    }
    return object
  }

  /// Opens an object that is needed once.
  package func openUncached(_ location: ObjectLocation) throws(PackingError) -> OpenedObject {
    let (place, pack) = (location.place, location.pack)
    let (preamble, body) = try repository.packs.body(of: place, in: pack)
    do {
      return try opened(place, try opener.openBody(body, preamble: preamble))
    } catch {
      // The stub may be what is damaged: the head, proven by the object's id, has the same preamble.
      let head = try repository.packs.head(of: place, in: pack)
      guard head.preamble != preamble else { throw .sealed(place.id, pack: pack, error) }
      let again = try repository.packs.body(of: place, in: pack).body
      do {
        return try opened(place, try opener.openBody(again, preamble: head.preamble))
      } catch {
        throw .sealed(place.id, pack: pack, error)
      }
    }
  }

  private func opened(_ place: ObjectPlace, _ body: OpenedBody) throws(SealingError) -> OpenedObject
  {
    guard let naming = repository.keyring.identityKey(body.identityKey) else {
      throw .unknownKey(body.identityKey)
    }
    return OpenedObject(id: place.id, body: body, naming: naming)
  }
}

/// An object's content, with the place and the name of each chunk in it.
package struct OpenedObject: Sendable {
  package let id: ObjectID
  package let body: OpenedBody
  private let starts: [Int]
  /// Computed from the content.
  private let names: [ChunkID]

  init(id: ObjectID, body: OpenedBody, naming: IdentityKey) {
    self.id = id
    self.body = body
    // All at once: together they cost little more than one.
    names = body.computeIDs(naming: naming)
    var start = 0
    starts = body.lengths.map { length in
      defer { start += length }
      return start
    }
  }

  /// The range of a chunk in the plaintext, proven by its id.
  package func range(
    at position: Int,
    id chunk: ChunkID,
    kind: ChunkKind,
    pack: PackID
  ) throws(PackingError) -> Range<Int> {
    guard position < starts.count, body.kind == kind, names[position] == chunk else {
      throw .sealed(id, pack: pack, .wrongContent(chunk))
    }
    return starts[position]..<starts[position] + body.lengths[position]
  }

  /// A copy of a chunk, proven by its id.
  func chunk(
    at position: Int,
    id chunk: ChunkID,
    kind: ChunkKind,
    pack: PackID
  ) throws(PackingError) -> [UInt8] {
    Array(
      body.plaintext[
        try range(at: position, id: chunk, kind: kind, pack: pack)
      ]
    )
  }
}
