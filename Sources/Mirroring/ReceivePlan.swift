import Indexing
package import CoreTypes
package import Repositories
import Sealing
import Storage

/// What a receiver makes of another store's records: which may join, and which objects they need.
///
/// Rules 11 to 16 of Docs/model.md. Needs no key.
package struct ReceivePlan: Sendable {
  let repository: KeylessRepository
  private let received: [Record]
  private let allowsDeletions: Bool
  private(set) var aim: ReceiveAim
  /// Manifests that are not in the store: because nothing is to be stored, or because only what was chosen names them.
  private(set) var manifests: [Digest: ManifestIDs] = [:]
  private(set) var merged: MergedLog

  /// Proves records for a store that holds everything; throws if one may not join the log.
  package init(
    _ files: [[UInt8]],
    repository: KeylessRepository,
    role: Role
  ) throws(MirrorError) {
    try self.init(files, repository: repository, role: role, aim: .everything)
  }

  /// Proves records for a store that is to hold what `aim` says; throws if one may not join the log.
  init(
    _ files: [[UInt8]],
    repository: KeylessRepository,
    role: Role,
    aim: ReceiveAim
  ) throws(MirrorError) {
    self.repository = repository
    self.aim = aim
    allowsDeletions = role.receivesDeletions
    var records: [Record] = []
    for file in files {
      do {
        records += try Record.all(in: file)
      } catch {
        throw .malformed("a record: \(error)")
      }
    }
    received = records
    merged = repository.log.merging(records, configuration: repository.configuration)
    try checkRefusals()
    if case .selection(let incoming?) = aim { try requireSound(incoming) }
  }

  /// Records that would join, each behind its parents.
  package var new: [Record] { merged.new }

  private func checkRefusals() throws(MirrorError) {
    guard merged.refusals.isEmpty else { throw .refusedRecords(merged.refusals) }
    guard !allowsDeletions else { return }
    for record in merged.new {
      switch record.clear.kind {
      case .removal, .condemnation, .revocation: throw .deletionRefused(record.id)
      case .enrolment, .snapshot, .tags, .hold, .waiver, .unknown: break
      }
    }
  }

  /// Manifests that the new records, or what the other end chose, name and this store lacks.
  package func missingManifests() throws(MirrorError) -> [Digest] {
    var named = Set(merged.new.flatMap(\.clear.addManifests))
    if case .selection(let incoming?) = aim { named.formUnion(incoming.lists) }
    guard !named.isEmpty else { return [] }
    do {
      let present = Set(try repository.store.names(of: .manifest))
      return named.subtracting(present).sorted()
    } catch {
      throw .storage(error)
    }
  }

  /// True if some new record names the manifest.
  func isNamed(manifest name: Digest) -> Bool {
    merged.new.contains { $0.clear.addManifests.contains(name) }
  }

  /// Takes a manifest whose hash was proven.
  ///
  /// It goes to the store before the records that name it, as it would if the run ended between the two: in memory it would
  /// take 32 MiB for as long as objects come.
  package func store(manifest name: Digest, _ bytes: [UInt8]) throws(MirrorError) {
    _ = try ReceivePlan.ids(inManifest: name, bytes)
    do {
      try repository.store.put(bytes, as: BlobName(.manifest, name))
    } catch {
      throw .storage(error)
    }
  }

  /// The same where nothing is to be stored, or not as it is: lists of what was chosen are joined with what was chosen before.
  package mutating func hold(manifest name: Digest, _ bytes: [UInt8]) throws(MirrorError) {
    manifests[name] = try ReceivePlan.ids(inManifest: name, bytes)
  }

  private static func ids(
    inManifest name: Digest,
    _ bytes: [UInt8]
  ) throws(MirrorError) -> ManifestIDs {
    do {
      return try Manifest.decode(bytes)
    } catch {
      throw .malformed("manifest \(name): \(error)")
    }
  }

  /// Objects that must be present before the new records may appear, and are missing or damaged here.
  ///
  /// A little more than rule 11 asks: also what this store's own log required before, where the new records name it.
  package func missingObjects() throws(MirrorError) -> WantedObjects {
    var wanted = WantedObjects()
    guard !merged.new.isEmpty || aim.changesHolding else { return wanted }
    let required = try required()
    let isMissing = { (object: ObjectID) throws(MirrorError) -> Bool in
      guard required.requires(named: object) else { return false }
      return try !isUsable(object)
    }
    for record in recordsThatAsk {
      for object in record.clear.adds + ReceivePlan.replacements(by: record) {
        if try isMissing(object) { wanted.add(object) }
      }
      for manifest in record.clear.addManifests {
        try wanted.add(try ids(ofManifest: manifest, of: record), where: isMissing)
      }
    }
    // What was let go here may be required again by what comes.
    for (object, verdict) in required.verdicts where verdict {
      if try isMissing(object) { wanted.add(object) }
    }
    wanted.sort()
    return wanted
  }

  /// Records whose objects must be here.
  private var recordsThatAsk: [Record] {
    aim.asksOldRecords ? Array(merged.log.records.values) : merged.new
  }

  /// Throws if an object is missing that the new records require; returns the packs in which these objects are.
  package func provenPacks() throws(MirrorError) -> Set<PackID> {
    var packs: Set<PackID> = []
    var missing: [ObjectID] = []
    guard !merged.new.isEmpty || aim.changesHolding else { return packs }
    let required = try required()
    let look = { (object: ObjectID) throws(RepositoryError) -> Void in
      guard required.requires(named: object) else { return }
      do throws(IndexingError) {
        if let location = try repository.index.usableLocation(of: object) {
          packs.insert(location.pack)
        } else {
          missing.append(object)
        }
      } catch {
        throw RepositoryError.index(error)
      }
    }
    do throws(RepositoryError) {
      for record in recordsThatAsk {
        for object in ReceivePlan.replacements(by: record) { try look(object) }
        try repository.forEachAdded(by: record, manifest: { manifests[$0] }, look)
      }
      for (object, verdict) in required.verdicts where verdict { try look(object) }
    } catch {
      throw .repository(error)
    }
    guard missing.isEmpty else { throw .incomplete(missing.sorted().distinct()) }
    return packs
  }

  private static func replacements(by record: Record) -> [ObjectID] {
    record.clear.kind == .condemnation ? record.clear.replaces : []
  }

  private func required() throws(MirrorError) -> RequiredObjects {
    let chosen = try chosen()?.objects
    do {
      return try repository.required(by: merged.log, of: chosen) { manifests[$0] }
    } catch {
      throw .repository(error)
    }
  }

  private func ids(
    ofManifest name: Digest,
    of record: Record
  ) throws(MirrorError) -> ManifestIDs {
    do {
      return try repository.ids(ofManifest: name, of: record) { manifests[$0] }
    } catch {
      throw .repository(error)
    }
  }

  private func isUsable(_ object: ObjectID) throws(MirrorError) -> Bool {
    do {
      return try repository.index.isUsable(object)
    } catch {
      throw .repository(.index(error))
    }
  }

  // MARK: Commit

  /// Stores the records, all records at once, if everything that they require is here.
  ///
  /// When someone else commits meanwhile, the question is asked anew.
  package mutating func commit() throws(MirrorError) {
    guard !merged.new.isEmpty || aim.changesHolding else { return }
    for _ in 0..<ReceivePlan.attemptLimit {
      let file = merged.new.flatMap(\.bytes)
      guard file.count <= BlobKind.record.byteLimit else {
        throw .malformed("records of \(file.count) bytes in one run")
      }
      let unseen = try store(file, knowing: repository.log.files)
      do {
        try repository.refresh()
      } catch {
        throw .repository(error)
      }
      if unseen?.isEmpty ?? false { return }
      // Another run has made the new copy one of chosen snapshots meanwhile; this one brought everything.
      if case .everything = aim, repository.holding != .everything { aim = .whole }
      merged = repository.log.merging(received, configuration: repository.configuration)
      try checkRefusals()
      if merged.new.isEmpty, !aim.changesHolding { return }
    }
    throw .storage(.busy(path: repository.store.location))
  }

  /// Stores a single record if the store holds no record files but `seen`, and all that the record requires.
  ///
  /// Returns `nil` when it is durable, else the files that are there.
  package func commitOnce(knowing seen: Set<Digest>) throws(MirrorError) -> [Digest]? {
    guard let record = merged.new.first, merged.new.count == 1 else {
      guard merged.remarks.isEmpty else { throw .refusedRecords(merged.remarks) }
      throw .malformed("\(merged.new.count) new records in one commit")
    }
    for _ in 0..<ReceivePlan.attemptLimit {
      guard let unseen = try store(record.bytes, knowing: seen) else { continue }
      return unseen.isEmpty ? nil : unseen
    }
    throw .storage(.busy(path: repository.store.location))
  }

  /// Writes a file of records under the commit lock, if no record files but `seen` are there.
  ///
  /// Returns the files that are there if one of them is not among `seen`, nothing if it was done, and `nil` if a pack went meanwhile.
  private func store(
    _ file: [UInt8],
    knowing seen: Set<Digest>
  ) throws(MirrorError) -> [Digest]? {
    let packs = try provenPacks()
    let holding = try plannedHolding()
    let store = repository.store
    do {
      return try store.withCommitLock { () throws(StorageError) in
        let names = try store.names(of: .record)
        guard names.allSatisfy({ seen.contains($0) }) else { return names }
        // A sweep holds the same lock: a pack that is here now stays until the records are.
        for pack in packs {
          do throws(StorageError) {
            _ = try store.byteCount(of: BlobName(.pack, pack.digest))
          } catch {
            guard case .missing = error else { throw error }
            return nil
          }
        }
        return try write(file, holding, besides: names) ? [] : nil
      }
    } catch {
      throw .storage(error)
    }
  }

  /// Times that a commit is tried while others commit.
  private static let attemptLimit = 100
}
