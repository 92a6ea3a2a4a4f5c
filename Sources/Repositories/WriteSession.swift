package import CoreTypes
import Files
import Indexing
package import Packing
import Sealing
package import Sodium
import Storage
import Synchronization
package import Trees

/// One backup's view of the store: what is there already, what it brings, and the commit.
///
/// Safe to use from several threads. Rules: Docs/model.md; Formats/record-log.md §4.
package final class WriteSession: Sendable {
  private let repository: OpenRepository
  private let signer: SigningKey
  private let shards: [ClaimShard]
  private let resolved = Mutex(Resolved())

  private static let shardCount = 64

  /// Objects that this session looked up in the store, and what it may say of them.
  private struct Resolved {
    var states: [UInt64: ObjectState] = [:]
    /// Present, and added by no record yet: this session's record adds them.
    var adopted: Set<ObjectID> = []
    /// Written by this session.
    var written: Set<ObjectID> = []
    var usedObjects: Set<ObjectID> = []
  }

  private enum ObjectState {
    case absent
    case usable
  }

  /// Starts a session that signs as `signer`, whose writer must be enrolled.
  package init(repository: OpenRepository, signer: SigningKey) throws(RepositoryError) {
    try repository.configuration.requireWritable()
    try repository.requireWhole()
    try UnreadableObjects(of: repository.store, index: repository.index).tryAgain()
    self.repository = repository
    self.signer = signer
    shards = (0..<WriteSession.shardCount).map { _ in ClaimShard() }
  }

  /// True if the chunk need not be stored: this store has it, or another thread has claimed it.
  ///
  /// False means: it is claimed now, and the caller must store it.
  package func isStored(_ chunk: ChunkID) throws(RepositoryError) -> Bool {
    let shard = shards[Int(chunk.digest.prefix % UInt64(WriteSession.shardCount))]
    if shard.contains(chunk) { return true }
    if try isPresent(chunk) { return true }
    return !shard.claim(chunk)
  }

  /// True if this store has the chunk in an object that is sound and not condemned.
  package func isPresent(_ chunk: ChunkID) throws(RepositoryError) -> Bool {
    do {
      for place in try repository.catalog.places(of: chunk) where try isUsable(place) {
        return true
      }
      return false
    } catch {
      throw .index(error)
    }
  }

  /// Enters a durable pack of this session in index and catalog; its chunks are known from now on.
  package func enter(_ pack: WrittenPack) throws(RepositoryError) {
    try repository.enter(pack)
    resolved.withLock { state in
      for object in pack.objects { state.written.insert(object.place.id) }
    }
    for object in pack.objects {
      for chunk in object.chunkIDs {
        shards[Int(chunk.digest.prefix % UInt64(WriteSession.shardCount))].settle(chunk)
      }
    }
  }

  /// Signs and commits a snapshot.
  ///
  /// Every pack must have been entered.
  ///
  /// When others committed meanwhile, checks that what this session relied on still holds, and tries again.
  package func commit(
    time: PointInTime,
    snapshot: (RecordLog) -> Snapshot
  ) throws(RepositoryError) -> Record {
    let adds = resolved.withLock { $0.written.union($0.adopted) }.sorted()
    try repository.confirm(resolved.withLock { $0.adopted })
    // Once, before what may have to be done again.
    let added = try AddedObjects(adds, in: repository.store)
    for _ in 0..<OpenRepository.commitAttempts {
      let log = repository.log
      let content = snapshot(log)
      do {
        try content.validate()
      } catch {
        throw .illegalSnapshot(error)
      }
      var clear = try RecordClear(
        .snapshot,
        of: repository.configuration.repositoryID,
        signer: signer,
        following: log,
        time: time
      )
      clear.add(added)
      if let record = try repository.commit(
        clear,
        content: content.encoded(),
        signer: signer,
        seen: log
      ) {
        return record
      }
      try checkResolved()
    }
    throw .storage(.busy(path: repository.store.location))
  }

  /// After newer records came: nothing that this session relies on may be condemned or gone.
  private func checkResolved() throws(RepositoryError) {
    let used = resolved.withLock { $0.usedObjects.union($0.written) }
    let condemned = repository.log.condemnedObjects
    var missing: [ObjectID] = []
    for object in used {
      if condemned.contains(object) {
        missing.append(object)
        continue
      }
      do {
        if try repository.index.location(of: object) == nil { missing.append(object) }
      } catch {
        throw .index(error)
      }
    }
    guard missing.isEmpty else { throw .overtaken(missing: missing.sorted()) }
  }

  private func isUsable(_ place: ChunkPlace) throws(IndexingError) -> Bool {
    if let state = resolved.withLock({ $0.states[place.ordinal] }) { return state == .usable }
    // What they say to be there is not stored again.
    try repository.proveCaches()
    let isSound = try repository.index.isUsable(place.object)
    let usable = isSound && !repository.log.condemnedObjects.contains(place.object)
    let claimed = try repository.index.isClaimed(place.object)
    resolved.withLock { state in
      state.states[place.ordinal] = usable ? .usable : .absent
      guard usable else { return }
      state.usedObjects.insert(place.object)
      if !claimed { state.adopted.insert(place.object) }
    }
    return usable
  }
}

/// Chunks that some thread of the session has claimed and that no catalog row names yet.
private final class ClaimShard: Sendable {
  private let chunks = Mutex<Set<ChunkID>>([])

  func contains(_ chunk: ChunkID) -> Bool { chunks.withLock { $0.contains(chunk) } }

  /// True if nobody had claimed it.
  func claim(_ chunk: ChunkID) -> Bool { chunks.withLock { $0.insert(chunk).inserted } }

  func settle(_ chunk: ChunkID) { chunks.withLock { _ = $0.remove(chunk) } }
}
