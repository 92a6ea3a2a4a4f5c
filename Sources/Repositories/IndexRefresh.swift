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
    var findings = try IndexRefresh.enterPacks(
      of: store,
      reader: packs,
      log: log,
      index: index,
      forbidden: .passedOver
    )
    do {
      let unread = try catalog.unknown(of: try index.allPacks().map(\.pack))
      store.prepareReading(unread.map { BlobName(.pack, $0.digest) })
      for pack in unread {
        try enter(pack, findings: &findings)
      }
    } catch {
      throw RepositoryError(error)
    }
    try IndexRefresh.enterRecords(of: log, store: store, index: index)
    return findings
  }

  /// Objects that are entered at once, or one pack's if it has more.
  private static let enteredCount = 16_384

  /// What becomes of a pack that this user may not read.
  enum ForbiddenPack {
    /// It ends the command: what another machine or a check is told must not depend on it.
    case refused
    /// It is a finding, and what it holds counts as absent until it can be read.
    case passedOver
  }

  /// Enters the packs that are new and takes out those that are gone; needs no key.
  ///
  /// Returns packs that could not be read.
  static func enterPacks(
    of store: any BlobStore,
    reader: PackReader,
    log: RecordLog,
    index: ObjectIndex,
    forbidden: ForbiddenPack
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
        if !lost.isEmpty { try index.markMissing(lost) }
      }
      let unread = present.subtracting(indexed).sorted()
      store.prepareReading(unread.map { BlobName(.pack, $0.digest) })
      // Many small packs cost one transaction, not one each.
      var read: [(pack: PackID, places: [ObjectPlace])] = []
      var count = 0
      for new in unread {
        do {
          let places = try reader.trailer(of: new).places
          read.append((pack: new, places: places))
          count += places.count
        } catch {
          try refuseObstacle(error, forbidden: forbidden)
          findings.append(error)
          continue
        }
        guard count >= enteredCount else { continue }
        try index.insert(read)
        (read, count) = ([], 0)
      }
      try index.insert(read)
    } catch {
      throw RepositoryError(error)
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
      do throws(RepositoryError) {
        try enter(record, of: log, store: store, index: index)
      } catch {
        if case .index = error { throw error }
        if case .storage(let reason) = error, reason.isDisconnection || reason.isMachineFault {
          throw error
        }
        // A damaged manifest: its objects count as unclaimed, so a later snapshot adds them again. `check` names it.
        continue
      }
    }
  }

  private static func enter(
    _ record: Record,
    of log: RecordLog,
    store: any BlobStore,
    index: ObjectIndex
  ) throws(RepositoryError) {
    do throws(IndexingError) {
      guard try !index.knowsRecord(record.id) else { return }
    } catch {
      throw .index(error)
    }
    // All are proven first: nothing is claimed for a record of which a part cannot be read.
    var manifests: [ManifestFile] = []
    for manifest in record.clear.addManifests {
      manifests.append(try ManifestFile(manifest, of: record.id, in: store))
    }
    try claim(record.clear.adds, of: log, index: index)
    for manifest in manifests {
      try manifest.forEachPart { (ids) throws(RepositoryError) in
        try claim(ids, of: log, index: index)
      }
    }
    do throws(IndexingError) {
      try index.enter(record.id)
    } catch {
      throw .index(error)
    }
  }

  private static func claim(
    _ adds: [ObjectID],
    of log: RecordLog,
    index: ObjectIndex
  ) throws(RepositoryError) {
    let condemned = log.condemnedObjects
    do throws(IndexingError) {
      let missing = try index.absent(of: adds).filter { !condemned.contains($0) }
      // What a snapshot needs and the store lacks counts as damage: nothing may rely on that snapshot unproven.
      if !missing.isEmpty {
        try index.file.prove()
        try index.markMissing(missing)
      }
      try index.claim(adds)
    } catch {
      throw .index(error)
    }
  }

  /// That the line to the store is gone, or that this machine may not read a file, says nothing about a pack.
  ///
  /// Limits of the machine hold for every pack, rights for one.
  private static func refuseObstacle(
    _ error: PackingError,
    forbidden: ForbiddenPack
  ) throws(RepositoryError) {
    guard case .storage(let error) = error, error.isDisconnection || error.isMachineFault else {
      return
    }
    if error.isPermission, forbidden == .passedOver { return }
    throw .storage(error)
  }

  private func enter(_ pack: PackID, findings: inout [PackingError]) throws {
    let opener = try ObjectOpener(keyring: keyring)
    var objects: [(id: ObjectID, chunkIDs: [ChunkID])] = []
    let objectCount: Int
    do {
      let trailer = try packs.trailer(of: pack)
      objectCount = trailer.places.count
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
      try IndexRefresh.refuseObstacle(error, forbidden: .passedOver)
      // A pack that cannot be read is told once, though two caches want it.
      if !findings.contains(error) { findings.append(error) }
      return
    }
    // Of a damaged head the sound one may be brought back, in a pack of the same name.
    guard objects.count == objectCount else { return try catalog.insert(objects: objects) }
    try catalog.insert(pack, objects: objects)
  }
}
