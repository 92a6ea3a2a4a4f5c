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

  /// What dead processes had left, and what of it is used.
  package struct Summary: Equatable, Sendable {
    /// Packs that were never finished.
    package var packs = 0
    /// Objects saved from them.
    package var objects = 0
    /// Bytes of the packs into which they were saved.
    package var bytes = 0
  }

  /// Salvages every orphan and then removes it.
  package func run() throws(RepositoryError) -> Summary {
    let repository = repository
    var summary = Summary()
    let kept = try OrphanSalvage.run(in: repository.store) { pack in
      summary.bytes += pack.byteCount
    } rest: { bytes throws(RepositoryError) in
      if !bytes.isEmpty { summary.packs += 1 }
      let rescued = try ObjectRescue(repository: repository).run(bytes)
      summary.objects += rescued.objects
      summary.bytes += rescued.bytes
    }
    if kept > 0 { try repository.refreshPacks() }
    summary.objects += kept
    return summary
  }

  /// Salvages what needs no key, and then removes the orphans; for a store whose index is not at hand.
  ///
  /// Returns the number of objects saved.
  package static func run(in store: any BlobStore) throws(RepositoryError) -> Int {
    try run(in: store) { _ in
    } rest: { _ in
    }
  }

  /// `nil` if the disk or this user cannot read it: it stays, and everything else goes on without it.
  private static func read(_ orphan: any OrphanedBlob) throws(StorageError) -> UnfinishedPack? {
    do {
      return UnfinishedPack(try orphan.read(), kept: try orphan.readKept())
    } catch {
      guard error.isFailedRead || error.isPermission else { throw error }
      return nil
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
        guard var pack = try OrphanSalvage.read(orphan) else { continue }
        saved += try pack.save(in: store) { try enter($0) }
        try rest(pack.rest)
        try orphan.remove()
      }
    } catch {
      throw RepositoryError(error)
    }
    return saved
  }
}
