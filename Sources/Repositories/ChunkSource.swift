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
    let failure: PackingError?
    switch try read(chunk, kind: kind) {
    case .success(let bytes): return bytes
    case .failure(let missed): failure = missed.last
    }
    if let bytes = try spareBytes(of: chunk, kind: kind) { return bytes }
    if case .storage(let error)? = failure, error.isMachineFault { throw .storage(error) }
    if try rescue(chunk), case .success(let bytes) = try read(chunk, kind: kind) { return bytes }
    if let failure { throw .damagedChunk(chunk, failure) }
    throw repository.lack(of: chunk)
  }

  /// Why no object of this store gave a chunk.
  private struct Missed: Error {
    let last: PackingError?
  }

  private func read(
    _ chunk: ChunkID,
    kind: ChunkKind
  ) throws(RepositoryError) -> Result<[UInt8], Missed> {
    var failure: PackingError?
    for (location, position) in try locations(of: chunk) {
      do {
        let object = try open(location)
        return .success(
          try object.chunk(
            at: position,
            id: chunk,
            kind: kind,
            pack: location.pack
          )
        )
      } catch {
        if case .storage(let obstacle) = error, obstacle.isObstacle { throw .storage(obstacle) }
        failure = error
      }
    }
    return .failure(Missed(last: failure))
  }

  /// Saves what opens in the packs in which the chunk may be; true if something was saved.
  private func rescue(_ chunk: ChunkID) throws(RepositoryError) -> Bool {
    let packs = try locations(of: chunk).map(\.location.pack)
    do {
      return try repository.rescue(packs.isEmpty ? repository.unlistedPacks : packs)
    } catch {
      // The damage is what is told: that nothing could be saved here follows from it.
      return false
    }
  }

  /// Opens an object, from the cache if it is there.
  package func open(_ location: ObjectLocation) throws(PackingError) -> OpenedObject {
    let id = location.place.id
    if let object = cache[id] { return object }
    let object = try openUncached(location)
    keep(object)
    return object
  }

  private func keep(_ object: OpenedObject) {
    let id = object.id
    cache[id] = object
    order.append(id)
    cachedByteCount += object.body.plaintext.count
    while cachedByteCount > ChunkSource.cacheByteLimit, order.count > 1 {
      let oldest = order.removeFirst()
      if let dropped = cache.removeValue(forKey: oldest) {
        cachedByteCount -= dropped.body.plaintext.count
      }
    }
  }

  /// Opens an object that is needed once; one that is damaged here comes from another store, if there is one.
  package func openUncached(_ location: ObjectLocation) throws(PackingError) -> OpenedObject {
    do {
      return try openHere(location)
    } catch {
      if case .storage(let obstacle) = error, obstacle.isObstacle { throw error }
      repository.note(error, of: location.place.id)
      guard let object = spare(location.place.id, damagedIn: location.pack) else { throw error }
      return object
    }
  }

  private func openHere(_ location: ObjectLocation) throws(PackingError) -> OpenedObject {
    let (place, pack) = (location.place, location.pack)
    let (preamble, body) = try repository.packs.body(of: place, in: pack)
    do {
      return try opened(place.id, try opener.openBody(body, preamble: preamble))
    } catch {
      // The stub may be what is damaged: the head, proven by the object's id, has the same preamble.
      let head = try repository.packs.head(of: place, in: pack)
      guard head.preamble != preamble else { throw .sealed(place.id, pack: pack, error) }
      let again = try repository.packs.body(of: place, in: pack).body
      do {
        return try opened(place.id, try opener.openBody(again, preamble: head.preamble))
      } catch {
        throw .sealed(place.id, pack: pack, error)
      }
    }
  }

  private func opened(_ id: ObjectID, _ body: OpenedBody) throws(SealingError) -> OpenedObject {
    guard let naming = repository.keyring.identityKey(body.identityKey) else {
      throw .unknownKey(body.identityKey)
    }
    return OpenedObject(id: id, body: body, naming: naming)
  }
}

extension ChunkSource {
  /// An object that is missing here, from another store, proven and opened; `nil` if it is not to be had.
  package func openMissing(_ id: ObjectID) -> OpenedObject? {
    if let object = cache[id] { return object }
    guard let object = spare(id, damagedIn: nil) else { return nil }
    keep(object)
    return object
  }

  /// Objects that hold the chunk and that this store lacks.
  package func missingPlaces(of chunk: ChunkID) throws(RepositoryError) -> [ChunkPlace] {
    guard repository.spares != nil else { return [] }
    do {
      return try repository.catalog.places(of: chunk)
    } catch {
      throw .index(error)
    }
  }

  private func spare(_ id: ObjectID, damagedIn pack: PackID?) -> OpenedObject? {
    guard let spare = repository.spares?.object(id, damagedIn: pack) else { return nil }
    do {
      let head = try ObjectHead(decoding: spare.head)
      guard head.id == id, PlainHash.of(spare.body) == head.bodyHash else { return nil }
      return try opened(id, try opener.openBody(spare.body, preamble: head.preamble))
    } catch {
      // What came is no better than what is here.
      return nil
    }
  }

  /// A chunk from an object that this store lacks; `nil` if it is not to be had.
  private func spareBytes(
    of chunk: ChunkID,
    kind: ChunkKind
  ) throws(RepositoryError) -> [UInt8]? {
    guard let spares = repository.spares else { return nil }
    var places = try missingPlaces(of: chunk)
    if places.isEmpty {
      // Nothing here knows which object it is in: the pack's list was lost with it.
      try repository.bringBackLost(from: spares)
      places = try missingPlaces(of: chunk)
    }
    for place in places {
      guard let object = try openAnywhere(place.object) else { continue }
      do {
        return try object.chunk(
          at: place.position,
          id: chunk,
          kind: kind,
          pack: PackID(place.object.digest)
        )
      } catch {
        // Not what the catalog says: another object may have it.
        continue
      }
    }
    return nil
  }

  private func openAnywhere(_ id: ObjectID) throws(RepositoryError) -> OpenedObject? {
    do {
      if let location = try repository.index.location(of: id) {
        do throws(PackingError) {
          return try open(location)
        } catch {
          // It was asked for elsewhere too.
          return nil
        }
      }
    } catch {
      throw .index(error)
    }
    return openMissing(id)
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
