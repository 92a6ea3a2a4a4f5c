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
  private(set) var manifests: [Digest: [ObjectID]] = [:]
  let aim: ReceiveAim
  private var manifestFiles: [Digest: [UInt8]] = [:]
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
      case .enrolment, .snapshot, .tags, .hold, .unknown: break
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

  /// Takes a manifest whose hash was proven; it is stored with the records.
  package mutating func keep(manifest name: Digest, _ bytes: [UInt8]) throws(MirrorError) {
    do {
      manifests[name] = try Manifest.decode(bytes)
      // A list of what was chosen is written anew, joined with what was chosen before.
      if merged.new.contains(where: { $0.clear.addManifests.contains(name) }) {
        manifestFiles[name] = bytes
      }
    } catch {
      throw .malformed("manifest \(name): \(error)")
    }
  }

  /// Objects that must be present before the new records may appear.
  ///
  /// A little more than rule 11 asks: also what this store's own log required before, where the new records name it.
  package func neededObjects() throws(MirrorError) -> [ObjectID] {
    guard !merged.new.isEmpty || aim.changesHolding else { return [] }
    let chosen = try chosen()?.objects
    do {
      let required = try repository.required(by: merged.log, of: chosen) { manifests[$0] }
      var needed: [ObjectID] = []
      for record in aim.asksOldRecords ? Array(merged.log.records.values) : merged.new {
        let adds = try repository.adds(of: record) { manifests[$0] }
        let isCondemnation = record.clear.kind == .condemnation
        for object in adds + (isCondemnation ? record.clear.replaces : [])
        where required.requires(named: object) {
          needed.append(object)
        }
      }
      // What was let go here may be required again by what comes.
      for (object, verdict) in required.verdicts
      where verdict && required.requires(named: object) {
        needed.append(object)
      }
      return needed.sorted().distinct()
    } catch {
      throw .repository(error)
    }
  }

  /// Objects that this store's own log requires and that are missing or damaged here.
  package func lostObjects() throws(MirrorError) -> [ObjectID] {
    do {
      let required = try repository.required()
      var lost: [ObjectID] = []
      for record in repository.log.records.values {
        for object in try repository.adds(of: record, manifest: { _ in nil })
        where required.requires(named: object) {
          do {
            if try !repository.index.isUsable(object) { lost.append(object) }
          } catch {
            throw RepositoryError.index(error)
          }
        }
      }
      return lost.sorted().distinct()
    } catch let error as RepositoryError {
      throw .repository(error)
    } catch {
      throw .malformed("\(error)")
    }
  }

  /// Those of `objects` that this store lacks or holds damaged.
  package func absent(_ objects: [ObjectID]) throws(MirrorError) -> [ObjectID] {
    do {
      var absent: [ObjectID] = []
      for object in objects where try !repository.index.isUsable(object) { absent.append(object) }
      return absent
    } catch {
      throw .repository(.index(error))
    }
  }

  // MARK: Commit

  /// Stores manifests and records, all records at once, if everything that they require is here.
  ///
  /// When someone else commits meanwhile, the question is asked anew.
  package mutating func commit() throws(MirrorError) {
    guard !merged.new.isEmpty || aim.changesHolding else { return }
    for (name, bytes) in manifestFiles {
      do {
        try repository.store.put(bytes, as: BlobName(.manifest, name))
      } catch {
        throw .storage(error)
      }
    }
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
    let needed = try neededObjects()
    let missing = try absent(needed)
    guard missing.isEmpty else { throw .incomplete(missing) }
    let packs = try packs(holding: needed)
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

  private func packs(holding objects: [ObjectID]) throws(MirrorError) -> Set<PackID> {
    var packs: Set<PackID> = []
    do {
      for object in objects {
        if let location = try repository.index.location(of: object) { packs.insert(location.pack) }
      }
    } catch {
      throw .repository(.index(error))
    }
    return packs
  }
}

extension [ObjectID] {
  /// Neighbours that are equal become one.
  fileprivate func distinct() -> [ObjectID] {
    var kept: [ObjectID] = []
    kept.reserveCapacity(count)
    for id in self where kept.last != id { kept.append(id) }
    return kept
  }
}
