import CoreTypes
import Repositories
import Sealing
package import Storage

/// Brings back what is no object: configuration, slots, keyring entries, manifests, records; needs no key.
///
/// A damaged file comes back as the very file that its name says. Of what is missing, only that comes whose absence is
/// certain: keyring entries, which are never removed, and what records here name. A slot that is missing never comes:
/// it may have been removed. Source: Docs/decisions/0023-healing-of-files.md.
package struct FileHealing {
  /// What came of it.
  package struct Report: Sendable {
    /// Files that were damaged or missing and are sound again.
    package var healed: [BlobName] = []
    /// Files that are damaged or missing, and are not to be had from the other store.
    package var lacking: [BlobName] = []
    package init() {}
  }

  private let here: any BlobStore & CommitLocking
  private let spare: any BlobStore
  private let configuration: Configuration

  /// Heals `here` from `spare`, a store of the same repository.
  package init(
    _ here: any BlobStore & CommitLocking,
    from spare: any BlobStore
  ) throws(MirrorError) {
    self.here = here
    self.spare = spare
    configuration = try FileHealing.configuration(of: here)
    let other = try FileHealing.configuration(of: spare)
    guard other.repositoryID == configuration.repositoryID else {
      throw .otherRepository(other.repositoryID)
    }
    guard here.id != spare.id else { throw .sameStore }
  }

  /// The other store's configuration, if this store's is damaged and a signed record here proves that it is the same repository's.
  ///
  /// `nil` if nothing is wrong with this store's.
  package static func lostConfiguration(
    of here: any BlobStore,
    from spare: any BlobStore
  ) throws(MirrorError) -> [UInt8]? {
    do throws(MirrorError) {
      _ = try configuration(of: here)
      return nil
    } catch {
      // Damaged or gone, or the store cannot be asked: then the next question fails too.
    }
    do {
      let bytes = try spare.readConfiguration()
      let offered = try Configuration(decoding: bytes).repositoryID
      for name in try here.names(of: .record).sorted() {
        let file = try here.read(BlobName(.record, name))
        guard PlainHash.of(file) == name else { continue }
        // The id is the hash of the root key, so no other configuration can have it.
        guard let record = try Record.all(in: file).first else { continue }
        guard record.clear.repository == offered else {
          throw MirrorError.otherRepository(offered)
        }
        return bytes
      }
      throw MirrorError.unidentified
    } catch {
      throw MirrorError(error)
    }
  }

  private static func configuration(of store: any BlobStore) throws(MirrorError) -> Configuration {
    do {
      return try Configuration(decoding: try store.readConfiguration())
    } catch {
      throw MirrorError(error)
    }
  }

  /// Heals all that can be.
  package func run() throws(MirrorError) -> Report {
    var report = Report()
    do {
      for kind in [BlobKind.slot, .keyringEntry, .manifest] {
        for name in try here.names(of: kind).sorted().map({ BlobName(kind, $0) })
        where try isDamaged(name) {
          try bringBack(name, &report)
        }
      }
      let present = Set(try here.names(of: .keyringEntry))
      for name in try spare.names(of: .keyringEntry).sorted() where !present.contains(name) {
        try bringBack(BlobName(.keyringEntry, name), &report)
      }
      try healRecords(&report)
      try healManifests(&report)
    } catch {
      throw MirrorError(error)
    }
    return report
  }

  private func isDamaged(_ name: BlobName) throws(StorageError) -> Bool {
    do {
      return PlainHash.of(try here.read(name)) != name.digest
    } catch {
      switch error {
      case .missing: return false
      case .short, .tooLarge: return true
      default:
        guard error.isUnreadable else { throw error }
        return true
      }
    }
  }

  /// A file of the other store whose bytes hash to its name and are of its kind; `nil` if there is none.
  private func soundFile(_ name: BlobName) throws(StorageError) -> [UInt8]? {
    let bytes: [UInt8]
    do {
      bytes = try spare.read(name)
    } catch {
      guard !error.isObstacle, !error.isMachineFault else { throw error }
      // Missing or damaged there too.
      return nil
    }
    guard PlainHash.of(bytes) == name.digest else { return nil }
    do {
      switch name.kind {
      case .slot: _ = try KeySlot(decoding: bytes)
      case .manifest: _ = try Manifest.decode(bytes)
      case .record: _ = try Record.all(in: bytes)
      case .keyringEntry, .pack: break
      }
      return bytes
    } catch {
      return nil
    }
  }

  private func bringBack(_ name: BlobName, _ report: inout Report) throws(StorageError) {
    guard let bytes = try soundFile(name) else { return report.lacking.append(name) }
    try here.put(bytes, as: name)
    report.healed.append(name)
  }

  // MARK: Records

  private func healRecords(_ report: inout Report) throws {
    var damaged: [BlobName] = []
    for name in try here.names(of: .record).sorted().map({ BlobName(.record, $0) })
    where try isDamaged(name) {
      damaged.append(name)
    }
    let own = try RecordLog(store: here, configuration: configuration)
    guard !damaged.isEmpty || own.hasMissingParents || own.records.isEmpty else { return }
    let other = try RecordLog(store: spare, configuration: configuration)
    for name in damaged {
      if let bytes = try soundFile(name) ?? file(name, of: own, other) {
        try here.withCommitLock { () throws(StorageError) in try here.put(bytes, as: name) }
        report.healed.append(name)
      } else if !own.spentFiles.contains(name.digest) {
        report.lacking.append(name)
      }
    }
    try bringBackParents(of: other, &report)
  }

  /// A file of records put together anew: it has the name that its bytes say, or it is `nil`.
  ///
  /// Stores keep the same records in files of other shapes: each alone, or those of one mirror run together.
  private func file(_ name: BlobName, of own: RecordLog, _ other: RecordLog) -> [UInt8]? {
    if let record = other.records[RecordID(name.digest)] { return record.bytes }
    let missing = other.records.values.filter { own.records[$0.id] == nil }.sorted { $0.id < $1.id }
    var bytes: [UInt8] = []
    for record in own.merging(missing, configuration: configuration).new
      .prefix(FileHealing.joinedRecordLimit)
    {
      bytes += record.bytes
      if PlainHash.of(bytes) == name.digest { return bytes }
    }
    return nil
  }

  /// Records that are tried together: more would take too long to hash again and again.
  private static let joinedRecordLimit = 4096

  /// Records that others here name as their parents, and that are in no file here.
  private func bringBackParents(of other: RecordLog, _ report: inout Report) throws {
    let own = try RecordLog(store: here, configuration: configuration)
    // A store without any record lacks at least the one by which its writer was enrolled: nothing names what is missing.
    var pending = own.records.isEmpty ? Array(other.records.keys) : []
    pending += own.findings.flatMap { finding -> [RecordID] in
      switch finding {
      case .missingParent(_, let parent): return [parent]
      // What would prove it may be what is missing: the record by which its writer was enrolled.
      case .refused(let record, _): return other.records[record]?.clear.parents ?? []
      case .damagedFile, .fork, .unreadable: return []
      }
    }
    var wanted: [RecordID: Record] = [:]
    while let id = pending.popLast() {
      guard own.records[id] == nil, wanted[id] == nil else { continue }
      guard let record = other.records[id] else {
        let name = BlobName(.record, id.digest)
        if !report.lacking.contains(name) { report.lacking.append(name) }
        continue
      }
      wanted[id] = record
      pending += record.clear.parents
    }
    for record in wanted.values.sorted(by: { $0.id < $1.id }) {
      let name = BlobName(.record, record.id.digest)
      // Whoever signed it is enrolled and each of its parents is here or comes too; what it adds, others here build on.
      try here.withCommitLock { () throws(StorageError) in try here.put(record.bytes, as: name) }
      report.healed.append(name)
    }
  }

  // MARK: Manifests

  private func healManifests(_ report: inout Report) throws {
    let present = Set(try here.names(of: .manifest))
    let log = try RecordLog(store: here, configuration: configuration)
    let named = Set(log.records.values.flatMap(\.clear.addManifests))
    for name in named.subtracting(present).sorted() {
      try bringBack(BlobName(.manifest, name), &report)
    }
  }
}

extension RecordLog {
  /// True if some record here lacks what it builds on.
  fileprivate var hasMissingParents: Bool {
    findings.contains { finding in
      switch finding {
      case .missingParent, .refused: true
      case .damagedFile, .fork, .unreadable: false
      }
    }
  }
}
