import CoreTypes
import Indexing
import Packing
import Sealing
import Storage

/// Saves what opens in a pack whose list of objects is lost: sealed anew, in a pack of its own.
///
/// The damaged pack stays where it is. Source: Formats/pack.md §5.
struct PackRescue {
  let repository: OpenRepository

  /// Bytes of a pack that is held in memory for it: four times what a writer makes.
  private static let byteLimit = 128 << 20

  /// Saves the objects of the pack that hold a chunk which nothing sound holds; so doing it twice adds nothing.
  ///
  /// Returns how many objects were saved; none if the pack cannot be read.
  func run(_ pack: PackID) throws(RepositoryError) -> Int {
    let name = BlobName(.pack, pack.digest)
    let bytes: [UInt8]
    do {
      let report = try PackVerifier(store: repository.store, keyring: repository.keyring)
        .verify(pack)
      try markLost(in: pack, report)
      let count = try repository.store.byteCount(of: name)
      guard count <= PackRescue.byteLimit else { return 0 }
      bytes = try repository.store.read(name, from: 0, count: count)
    } catch let error as StorageError where !error.isDisconnection {
      // Whoever opened the repository was told of the pack: what cannot be read of it is not saved, and all else goes on.
      return 0
    } catch {
      throw RepositoryError(error)
    }
    return try ObjectRescue(repository: repository).run(bytes).objects
  }

  private func markLost(in pack: PackID, _ report: PackReport) throws(IndexingError) {
    var lost = report.lost
    if report.isUnlisted {
      try repository.index.forEachObject { if $0.pack == pack { lost.insert($0.place.id) } }
    }
    try repository.index.markDamaged(lost)
    try repository.index.markUnreadable(report.unread)
  }
}

/// Seals the objects anew that open by their stubs, and puts them into a pack.
struct ObjectRescue {
  let repository: OpenRepository

  /// Returns how many objects held a chunk that nothing sound in the store holds, and were saved, and the bytes of their
  /// pack.
  func run(_ bytes: [UInt8]) throws(RepositoryError) -> (objects: Int, bytes: Int) {
    let found = try sealAnew(bytes)
    guard !found.isEmpty else { return (0, 0) }
    do {
      var writer = try PackWriter(in: repository.store)
      for object in found { try writer.append(object) }
      let pack = try writer.finish()
      try repository.enter(pack)
      return (found.count, pack.byteCount)
    } catch {
      throw RepositoryError(error)
    }
  }

  private func sealAnew(_ bytes: [UInt8]) throws(RepositoryError) -> [SealedObject] {
    var found: [SealedObject] = []
    do {
      let salvager = try PackSalvager(keyring: repository.keyring)
      let sealer = try ObjectSealer(
        key: repository.keyring.currentDataKey,
        identityKey: repository.keyring.currentIdentityKey.id,
        compression: .off
      )
      try salvager.forEachObject(in: bytes) { object throws(any Error) in
        guard try object.chunkIDs.contains(where: { try !isHeld($0) }) else { return }
        var frame = Array(object.frame.bytes[..<object.frame.byteCount])
        found.append(
          try sealer.sealFrame(
            &frame,
            kind: object.frame.kind,
            codec: object.frame.codec,
            identityKey: object.frame.identityKey,
            chunkIDs: object.chunkIDs
          ).named()
        )
      }
    } catch {
      throw RepositoryError(error)
    }
    return found
  }

  private func isHeld(_ chunk: ChunkID) throws(IndexingError) -> Bool {
    for place in try repository.catalog.places(of: chunk) {
      if try repository.index.isUsable(place.object) { return true }
    }
    return false
  }
}
