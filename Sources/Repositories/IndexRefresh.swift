import CoreTypes
import Indexing
import Packing
import Sealing
import Storage

/// Brings index and catalog up to date with what the store holds: only what is new is read.
struct IndexRefresh {
  let store: any BlobStore
  let packs: PackReader
  let keyring: Keyring
  let index: ObjectIndex
  let catalog: Catalog

  /// Returns packs and heads that could not be read; the rest is entered.
  func run(log: RecordLog) throws(RepositoryError) -> [PackingError] {
    var findings = try IndexRefresh.enterPacks(of: store, reader: packs, log: log, index: index)
    do {
      let unread = try catalog.unknown(of: try index.allPacks().map(\.pack))
      store.prepareReading(unread.map { BlobName(.pack, $0.digest) })
      for pack in unread {
        try enter(pack, findings: &findings)
      }
    } catch let error as RepositoryError {
      throw error
    } catch let error as IndexingError {
      throw .index(error)
    } catch {
      throw .damagedConfiguration(reason: "\(error)")
    }
    try IndexRefresh.enterRecords(of: log, store: store, index: index)
    return findings
  }

  /// Enters the packs that are new and takes out those that are gone; needs no key.
  ///
  /// Returns packs that could not be read.
  static func enterPacks(
    of store: any BlobStore,
    reader: PackReader,
    log: RecordLog,
    index: ObjectIndex
  ) throws(RepositoryError) -> [PackingError] {
    var findings: [PackingError] = []
    do {
      // Asked before the store is: another process may publish a pack and enter it meanwhile, and that one is not gone.
      let indexed = Set(try index.allPacks().map(\.pack))
      let present: Set<PackID>
      do {
        present = Set(try store.names(of: .pack).map { PackID($0) })
      } catch {
        throw RepositoryError.storage(error)
      }
      let condemned = log.condemnedObjects
      for gone in indexed.subtracting(present) {
        let lost = try index.remove(gone).filter { !condemned.contains($0) }
        if !lost.isEmpty { try index.markDamaged(lost) }
      }
      let unread = present.subtracting(indexed).sorted()
      store.prepareReading(unread.map { BlobName(.pack, $0.digest) })
      for new in unread {
        let places: [ObjectPlace]
        do {
          places = try reader.trailer(of: new).places
        } catch {
          try refuseDisconnection(error)
          findings.append(error)
          continue
        }
        try index.insert(new, places: places)
      }
    } catch let error as RepositoryError {
      throw error
    } catch let error as IndexingError {
      throw .index(error)
    } catch {
      throw .damagedConfiguration(reason: "\(error)")
    }
    return findings
  }

  /// Enters what records add, so that sessions know which objects some snapshot has brought already.
  static func enterRecords(
    of log: RecordLog,
    store: any BlobStore,
    index: ObjectIndex
  )
    throws(RepositoryError)
  {
    for record in log.records.values {
      do {
        guard try !index.knowsRecord(record.id) else { continue }
        let adds = try RecordLog.adds(of: record, in: store)
        let condemned = log.condemnedObjects
        var missing: [ObjectID] = []
        for object in adds where try index.location(of: object) == nil {
          if !condemned.contains(object) { missing.append(object) }
        }
        // What a snapshot needs and the store lacks counts as damage: nothing may rely on that snapshot unproven.
        if !missing.isEmpty {
          try index.file.prove()
          try index.markDamaged(missing)
        }
        try index.enter(record.id, adds: adds)
      } catch let error as IndexingError {
        throw .index(error)
      } catch RepositoryError.storage(let error) where error.isDisconnection {
        throw .storage(error)
      } catch {
        // A damaged manifest: its objects count as unclaimed, so a later snapshot adds them again. `check` names it.
        continue
      }
    }
  }

  /// That the line to the store is gone says nothing about a pack.
  private static func refuseDisconnection(_ error: PackingError) throws(RepositoryError) {
    if case .storage(let error) = error, error.isDisconnection { throw .storage(error) }
  }

  private func enter(_ pack: PackID, findings: inout [PackingError]) throws {
    let opener = try ObjectOpener(keyring: keyring)
    var objects: [(id: ObjectID, chunkIDs: [ChunkID])] = []
    do {
      let trailer = try packs.trailer(of: pack)
      for (place, head) in zip(trailer.places, try packs.heads(of: pack, trailer: trailer)) {
        do {
          let directory = try opener.directory(of: try head.get())
          objects.append((id: place.id, chunkIDs: directory.chunkIDs))
        } catch let error as PackingError {
          findings.append(error)
        } catch let error as SealingError {
          findings.append(.sealed(place.id, pack: pack, error))
        }
      }
    } catch let error as PackingError {
      try IndexRefresh.refuseDisconnection(error)
      findings.append(error)
      return
    }
    try catalog.insert(pack, objects: objects)
  }
}
