package import CoreTypes
package import Indexing
package import Packing
package import Storage
import Synchronization

/// A repository as a machine without keys sees it: the store, the proven log, and the index.
///
/// What a mirror works with, and what `check` proves when there is no password.
package final class KeylessRepository: Sendable {
  package let store: any BlobStore & CommitLocking
  package let configuration: Configuration
  package let index: ObjectIndex
  package let packs: PackReader
  private let state: Mutex<State>

  private struct State {
    var log: RecordLog
    var findings: [PackingError] = []
    var holding: StoreHolding
  }

  /// Proves the configuration, reads the log, and brings the index up to date.
  package convenience init(
    store: any BlobStore & CommitLocking,
    folders: ClientFolders
  ) throws(RepositoryError) {
    let index: ObjectIndex
    folders.tagCache()
    do {
      index = try ObjectIndex(path: folders.index(of: store.id), store: store.id)
    } catch {
      throw .index(error)
    }
    try self.init(store: store, index: index)
  }

  /// As above, with an index that is open: a database is opened once in a process.
  package init(
    store: any BlobStore & CommitLocking,
    index: ObjectIndex
  ) throws(RepositoryError) {
    self.store = store
    self.index = index
    packs = PackReader(store: store)
    let file: [UInt8]
    do {
      file = try store.readConfiguration()
    } catch {
      throw .storage(error)
    }
    configuration = try Configuration(decoding: file)
    let log = try RecordLog(store: store, configuration: configuration)
    state = Mutex(State(log: log, holding: try StoreHolding(of: store, log: log)))
    try refresh()
  }

  /// The log as it was read last.
  package var log: RecordLog { state.withLock { $0.log } }

  /// Packs that the last refresh could not read.
  package var findings: [PackingError] { state.withLock { $0.findings } }

  /// What the store holds of what its log requires.
  package var holding: StoreHolding { state.withLock { $0.holding } }

  /// Reads log and packs again.
  package func refresh() throws(RepositoryError) {
    let log = try RecordLog(store: store, configuration: configuration)
    let findings = try IndexRefresh.enterPacks(
      of: store,
      reader: packs,
      log: log,
      index: index,
      forbidden: .refused
    )
    try IndexRefresh.enterRecords(of: log, store: store, index: index)
    let holding = try StoreHolding(of: store, log: log)
    state.withLock { $0 = State(log: log, findings: findings, holding: holding) }
  }

  /// Enters a pack that was just made durable.
  package func enter(_ pack: VerbatimPackWriter.Written) throws(RepositoryError) {
    do {
      try index.insert(pack.id, places: pack.places)
      try index.clearDamage(of: pack.places.map(\.id))
    } catch {
      throw .index(error)
    }
  }

  /// Saves the whole objects of packs that a dead process left unfinished.
  ///
  /// Returns the number of objects saved.
  @discardableResult
  package func salvageOrphans() throws(RepositoryError) -> Int {
    try OrphanSalvage.run(in: store) { pack throws(RepositoryError) in
      try enter(pack)
    } rest: { _ in
    }
  }

  /// What a log requires of `chosen`, or of everything; manifests are read only if the log condemns anything.
  ///
  /// `manifest` gives those that the store does not have yet.
  package func required(
    by log: RecordLog,
    of chosen: ChosenObjects?,
    manifest: (Digest) -> ManifestIDs?
  ) throws(RepositoryError) -> RequiredObjects {
    let chosen = chosen?.following(log)
    let condemned = log.condemnedObjects
    guard !condemned.isEmpty else { return RequiredObjects([], chosen: chosen) }
    var claims: [ObjectClaims] = []
    for record in log.records.values {
      // Of all other objects nothing is asked.
      var adds: [ObjectID] = []
      try forEachAdded(by: record, manifest: manifest) { (object) throws(RepositoryError) in
        if condemned.contains(object) { adds.append(object) }
      }
      claims.append(
        ObjectClaims(of: record, adds: adds, isVoid: log.void.contains(record.id))
      )
    }
    return RequiredObjects(claims, chosen: chosen)
  }

  /// What this store must have: what its log requires, and of that what it holds by choice.
  package func required() throws(RepositoryError) -> RequiredObjects {
    try required(by: log, of: holding.chosen) { _ in nil }
  }

  /// Calls `body` with each object that a record adds, those in manifests among them.
  ///
  /// `manifest` gives those that the store does not have; the others are read part by part.
  package func forEachAdded(
    by record: Record,
    manifest: (Digest) -> ManifestIDs?,
    _ body: (ObjectID) throws(RepositoryError) -> Void
  ) throws(RepositoryError) {
    for object in record.clear.adds { try body(object) }
    for name in record.clear.addManifests {
      if let known = manifest(name) {
        for object in known { try body(object) }
      } else {
        try ManifestFile(name, of: record.id, in: store).forEach(body)
      }
    }
  }

  /// The ids of a manifest that `known` gives, or else the store: up to 32 MiB.
  package func ids(
    ofManifest name: Digest,
    of record: Record,
    _ known: (Digest) -> ManifestIDs?
  ) throws(RepositoryError) -> ManifestIDs {
    if let ids = known(name) { return ids }
    return try RecordLog.objects(inManifest: name, of: record, in: store)
  }
}

extension KeylessRepository {
  /// Objects that the log requires and that are here and not known to be damaged, ascending: 32 bytes of memory each.
  package func soundRequiredObjects() throws(RepositoryError) -> ContiguousArray<Digest> {
    var sound: ContiguousArray<Digest> = []
    do {
      // Grown by doubling, the list would for a moment take half as much again.
      sound.reserveCapacity(try index.objectCount())
    } catch {
      throw .index(error)
    }
    try forEachRequired { object, isUsable in
      if isUsable { sound.append(object.digest) }
    }
    sound.sort()
    sound.removeEqualNeighbours()
    return sound
  }

  /// Objects that the log requires and that are missing here or known to be damaged, ascending.
  package func lostObjects() throws(RepositoryError) -> [ObjectID] {
    var lost: ContiguousArray<ObjectID> = []
    try forEachRequired { object, isUsable in
      if !isUsable { lost.append(object) }
    }
    lost.sort()
    lost.removeEqualNeighbours()
    return Array(lost)
  }

  /// Calls `body` with each object that the log requires, once for each record that adds it.
  private func forEachRequired(
    _ body: (_ object: ObjectID, _ isUsable: Bool) -> Void
  ) throws(RepositoryError) {
    let required = try required()
    for record in log.records.values {
      try forEachAdded(by: record, manifest: { _ in nil }) { (object) throws(RepositoryError) in
        guard required.requires(named: object) else { return }
        do throws(IndexingError) {
          body(object, try index.isUsable(object))
        } catch {
          throw .index(error)
        }
      }
    }
  }
}

extension ContiguousArray where Element: Equatable {
  /// Of neighbours that are equal one stays; nothing is copied aside.
  fileprivate mutating func removeEqualNeighbours() {
    var kept = 0
    for index in indices where kept == 0 || self[index] != self[kept - 1] {
      self[kept] = self[index]
      kept += 1
    }
    removeLast(count - kept)
  }
}
