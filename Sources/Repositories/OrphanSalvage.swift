import CoreTypes
import Indexing
import Packing
import Sealing
package import Storage

/// Saves the whole objects of unfinished packs whose writers are gone.
///
/// Those whose heads were kept are saved as they are, which needs no key; with keys, what is left is sealed anew.
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
    let repository = repository
    var saved = 0
    let kept = try OrphanSalvage.run(in: repository.store) { _ in
    } rest: { bytes throws(RepositoryError) in
      saved += try ObjectRescue(repository: repository).run(bytes)
    }
    if kept > 0 { try repository.refreshPacks() }
    return saved + kept
  }

  /// Salvages what needs no key, and then removes the orphans; for a store whose index is not at hand.
  ///
  /// Returns the number of objects saved.
  package static func run(in store: any BlobStore) throws(RepositoryError) -> Int {
    try run(in: store) { _ in
    } rest: { _ in
    }
  }

  /// Saves whole objects as they are; `enter` gets each pack that is durable, `rest` what is left of an orphan.
  static func run(
    in store: any BlobStore,
    _ enter: (VerbatimPackWriter.Written) throws(RepositoryError) -> Void,
    rest: ([UInt8]) throws(RepositoryError) -> Void
  ) throws(RepositoryError) -> Int {
    var saved = 0
    do {
      for orphan in try store.orphans() {
        var pack = UnfinishedPack(try orphan.read(), kept: try orphan.readKept())
        saved += try pack.save(in: store) { try enter($0) }
        try rest(pack.rest)
        try orphan.remove()
      }
    } catch let error as StorageError {
      throw .storage(error)
    } catch let error as PackingError {
      throw .packing(error)
    } catch let error as RepositoryError {
      throw error
    } catch {
      throw .storage(.missing(BlobName(.pack, Digest(words: 0, 0, 0, 0))))
    }
    return saved
  }
}
