package import CoreTypes
package import Indexing
package import Packing
package import Sealing
package import Sodium
package import Storage
import Synchronization

/// A repository that was opened with a key: the store, the keys, the proven log, index and catalog.
package final class OpenRepository: Sendable {
  package let store: any BlobStore
  package let configuration: Configuration
  package let keyring: Keyring
  package let bundle: CapabilityBundle
  package let index: ObjectIndex
  package let catalog: Catalog
  package let packs: PackReader
  /// Findings of bringing index and catalog up to date.
  package let openFindings: [PackingError]
  /// What the store holds of what its log requires, as it was when it was opened.
  package let holding: StoreHolding
  private let memory: ClientMemory
  private let currentLog: Mutex<RecordLog>
  private let chosenSpares = Mutex<(any SpareObjects)?>(nil)
  private let hasTriedLost = Mutex(false)
  private let rescuedPacks = Mutex<Set<PackID>>([])

  init(
    store: any BlobStore,
    configuration: Configuration,
    keyring: Keyring,
    bundle: CapabilityBundle,
    log: RecordLog,
    index: ObjectIndex,
    catalog: Catalog,
    memory: ClientMemory
  ) throws(RepositoryError) {
    self.store = store
    self.configuration = configuration
    self.keyring = keyring
    self.bundle = bundle
    self.index = index
    self.catalog = catalog
    self.memory = memory
    packs = PackReader(store: store)
    holding = try StoreHolding(of: store, log: log)
    currentLog = Mutex(log)
    openFindings = try IndexRefresh(
      store: store,
      packs: packs,
      keyring: keyring,
      index: index,
      catalog: catalog
    ).run(log: log)
  }

  /// The log as it was read last.
  package var log: RecordLog { currentLog.withLock { $0 } }

  /// Where objects are had that are damaged or missing here; `nil` if nowhere.
  package var spares: (any SpareObjects)? { chosenSpares.withLock { $0 } }

  /// Has everything that reads objects ask there for what is damaged or missing here.
  package func use(_ spares: any SpareObjects) { chosenSpares.withLock { $0 = spares } }

  /// Has everything brought back that is lost here, once; who asks meanwhile waits for it.
  func bringBackLost(from spares: any SpareObjects) throws(RepositoryError) {
    try hasTriedLost.withLock { (hasTried) throws(RepositoryError) in
      guard !hasTried else { return }
      hasTried = true
      if spares.bringBackLost() { try refreshPacks() }
    }
  }

  /// Packs in which nothing says which objects they hold.
  package var unlistedPacks: [PackID] {
    openFindings.compactMap { finding in
      switch finding {
      case .damagedTrailer(let pack, _), .wrongLength(let pack, _, _): pack
      case .damagedObject, .damagedStub, .sealed, .unproven, .storage: nil
      }
    }
  }

  /// What it means that no pack that could be read has a chunk: where one could not be read, it may be in that.
  package func lack(of chunk: ChunkID) -> RepositoryError {
    for case .storage(let error) in openFindings {
      if error.isMachineFault { return .storage(error) }
      if error.isUnreadable { return .damagedChunk(chunk, .storage(error)) }
    }
    return .missingChunk(chunk)
  }

  /// Saves what opens in packs whose lists are lost; each pack is tried once, and who asks meanwhile waits for it.
  ///
  /// True if something was saved that nothing else holds.
  package func rescue(_ packs: some Sequence<PackID>) throws(RepositoryError) -> Bool {
    try rescuedPacks.withLock { (tried) throws(RepositoryError) in
      var saved = 0
      for pack in packs where tried.insert(pack).inserted {
        saved += try PackRescue(repository: self).run(pack)
      }
      return saved > 0
    }
  }

  /// Notes what a reader found damaged or could not read, so that the next backup stores it anew.
  func note(_ error: PackingError, of object: ObjectID) {
    guard error.isDamage || error.isUnreadable else { return }
    do {
      if error.isDamage {
        try index.markDamaged(CollectionOfOne(object))
      } else {
        try index.markUnreadable(CollectionOfOne(object))
      }
    } catch {
      // Ignored: the reader says what it could not read; `check` finds it again.
    }
  }

  /// Proves the pages of index and catalog, once.
  ///
  /// Before something is said to be missing, and before anything relies on what they say.
  package func proveCaches() throws(IndexingError) {
    try index.file.prove()
    try catalog.file.prove()
  }

  /// Enters a pack that was just made durable.
  package func enter(_ pack: WrittenPack) throws(RepositoryError) {
    do {
      try index.insert(pack.id, places: pack.objects.map(\.place))
      try catalog.insert(
        pack.id,
        objects: pack.objects.map { (id: $0.place.id, chunkIDs: $0.chunkIDs) }
      )
    } catch {
      throw .index(error)
    }
  }

  /// Has the disk hold the packs of objects that a run left which ended before its commit, whoever can read them.
  func confirm(_ objects: some Collection<ObjectID>) throws(RepositoryError) {
    guard !objects.isEmpty else { return }
    var packs: Set<BlobName> = []
    do {
      for object in objects {
        guard let location = try index.location(of: object) else { continue }
        packs.insert(BlobName(.pack, location.pack.digest))
      }
    } catch {
      throw .index(error)
    }
    do {
      try store.confirm(Array(packs))
    } catch {
      throw .storage(error)
    }
  }

  /// Enters packs that someone else made durable.
  func refreshPacks() throws(RepositoryError) {
    try enterWhatIsNew(by: log)
  }

  private func enterWhatIsNew(by log: RecordLog) throws(RepositoryError) {
    // Ignored: what cannot be read of a pack was not salvaged; `check` names it.
    _ = try IndexRefresh(
      store: store,
      packs: packs,
      keyring: keyring,
      index: index,
      catalog: catalog
    ).run(log: log)
  }

  /// Live snapshots that this store leaves out by choice.
  package var leftOut: [RecordID] { log.snapshots.map(\.id).filter { !holding.holds($0) } }

  /// Throws if this store leaves a snapshot out by choice.
  package func requireHeld(_ snapshot: RecordID) throws(RepositoryError) {
    guard holding.holds(snapshot) else { throw .leftOut(snapshot) }
  }

  /// Throws if the store holds chosen snapshots only: a new one could rely on what it leaves out.
  ///
  /// Docs/model.md, rule 15; the store asks again under its lock.
  package func requireWhole() throws(RepositoryError) {
    do throws(StorageError) {
      guard try store.readSelection() == nil else {
        throw StorageError.selecting(location: store.location)
      }
    } catch {
      throw .storage(error)
    }
  }

  /// Signs a record and commits it if `seen` is still all that the store holds.
  ///
  /// Returns `nil` when newer records were there; they have been read then.
  package func commit(
    _ clear: RecordClear,
    content: [UInt8]?,
    signer: SigningKey,
    seen: RecordLog
  ) throws(RepositoryError) -> Record? {
    try configuration.requireWritable()
    try requireWhole()
    var clear = clear
    if clear.writer != Digest(configuration.rootPublicKey) {
      // The log of one copy does not know what this client signed in another.
      do {
        clear.sequence = try memory.takeSequence(of: clear.writer, atLeast: clear.sequence)
      } catch {
        throw .files(error)
      }
    }
    let record: Record
    do {
      record = try Record(
        signing: clear,
        content: content,
        key: keyring.currentDataKey,
        signer: signer
      )
    } catch {
      throw .sealing(error)
    }
    let answer: CommitAnswer
    do {
      answer = try store.commit(record.bytes, as: record.id.digest, knowing: seen.files)
    } catch {
      throw .storage(error)
    }
    switch answer {
    case .done:
      try reload()
      return record
    case .newer:
      // Packs too: what a newer record of another machine needs is there, and only not entered yet.
      try refresh()
      return nil
    }
  }

  /// Reads the log again, and enters what new records add.
  package func reload() throws(RepositoryError) {
    let log = try RecordLog(store: store, configuration: configuration)
    currentLog.withLock { $0 = log }
    try IndexRefresh.enterRecords(of: log, store: store, index: index)
  }

  /// Brings log, index and catalog to what the store holds now, as opening does.
  package func refresh() throws(RepositoryError) {
    let log = try RecordLog(store: store, configuration: configuration)
    try enterWhatIsNew(by: log)
    currentLog.withLock { $0 = log }
  }
}
