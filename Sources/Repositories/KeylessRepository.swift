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
    let findings = try IndexRefresh.enterPacks(of: store, reader: packs, log: log, index: index)
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
    manifest: (Digest) -> [ObjectID]?
  ) throws(RepositoryError) -> RequiredObjects {
    let chosen = chosen?.following(log)
    guard !log.condemnedObjects.isEmpty else { return RequiredObjects([], chosen: chosen) }
    var claims: [ObjectClaims] = []
    for record in log.records.values {
      claims.append(
        ObjectClaims(
          of: record,
          adds: try adds(of: record, manifest: manifest),
          isVoid: log.void.contains(record.id)
        )
      )
    }
    return RequiredObjects(claims, chosen: chosen)
  }

  /// What this store must have: what its log requires, and of that what it holds by choice.
  package func required() throws(RepositoryError) -> RequiredObjects {
    try required(by: log, of: holding.chosen) { _ in nil }
  }

  /// All objects that a record adds, those in manifests among them.
  package func adds(
    of record: Record,
    manifest: (Digest) -> [ObjectID]?
  ) throws(RepositoryError) -> [ObjectID] {
    var ids = record.clear.adds
    for name in record.clear.addManifests {
      if let known = manifest(name) {
        ids += known
      } else {
        ids += try RecordLog.objects(inManifest: name, of: record, in: store)
      }
    }
    return ids
  }
}

extension KeylessRepository {
  /// Objects that the log requires and that are here and not known to be damaged, ascending.
  package func soundRequiredObjects() throws(RepositoryError) -> [Digest] {
    let required = try required()
    var sound: [Digest] = []
    for record in log.records.values {
      for object in try adds(of: record, manifest: { _ in nil })
      where required.requires(named: object) {
        do {
          if try index.isUsable(object) { sound.append(object.digest) }
        } catch {
          throw .index(error)
        }
      }
    }
    sound.sort()
    var distinct: [Digest] = []
    distinct.reserveCapacity(sound.count)
    for name in sound where distinct.last != name { distinct.append(name) }
    return distinct
  }
}
