import CoreTypes
import Indexing
import Packing
import Sealing
import Storage

/// Saves the whole objects of unfinished packs whose writers are gone.
///
/// Source: Formats/pack.md §5, store.md §1.
package struct OrphanSalvage {
  private let repository: OpenRepository

  package init(repository: OpenRepository) {
    self.repository = repository
  }

  /// Salvages every orphan and then removes it.
  ///
  /// Returns the number of objects saved.
  @discardableResult
  package func run() throws(RepositoryError) -> Int {
    var saved = 0
    do {
      for orphan in try repository.store.orphans() {
        saved += try salvage(try orphan.read())
        try orphan.remove()
      }
    } catch let error as StorageError {
      throw .storage(error)
    } catch let error as RepositoryError {
      throw error
    } catch {
      throw .storage(.missing(BlobName(.pack, Digest(words: 0, 0, 0, 0))))
    }
    return saved
  }

  private func salvage(_ bytes: [UInt8]) throws(RepositoryError) -> Int {
    var collected: [SealedObject] = []
    do {
      let salvager = try PackSalvager(keyring: repository.keyring)
      let sealer = try ObjectSealer(
        key: repository.keyring.currentDataKey,
        identityKey: repository.keyring.currentIdentityKey.id,
        compression: .off
      )
      try salvager.forEachObject(in: bytes) { object throws(SealingError) in
        var frame = Array(object.frame.bytes[..<object.frame.byteCount])
        collected.append(
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
      throw .sealing(error)
    }
    guard !collected.isEmpty else { return 0 }
    do {
      var writer = try PackWriter(in: repository.store)
      for object in collected { try writer.append(object) }
      try repository.enter(try writer.finish())
    } catch let error as PackingError {
      throw .packing(error)
    } catch let error as RepositoryError {
      throw error
    } catch {
      throw .index(.malformedRow(path: repository.index.file.path))
    }
    return collected.count
  }
}
