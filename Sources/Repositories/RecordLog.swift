package import CoreTypes
import Sealing
package import Storage

/// Something wrong with the log that does not keep the rest from being read.
package enum LogFinding: Equatable, Sendable {
  /// The file's content does not hash to its name, or is no record.
  case damagedFile(Digest, reason: String)
  /// The record was not signed by its writer, or the writer was not enrolled, or was revoked.
  case refused(RecordID, reason: String)
  /// A record's parent is not in the store, and was not given up.
  case missingParent(RecordID, parent: RecordID)
  /// Two records of one writer have one sequence number.
  case fork(RecordID, RecordID)
  /// The store failed.
  case unreadable(Digest, StorageError)
}

extension LogFinding {
  /// The record file that could not be read whole, if that is what was found.
  package var unreadFile: Digest? {
    switch self {
    case .damagedFile(let name, _), .unreadable(let name, _): name
    case .refused, .missingParent, .fork: nil
    }
  }

  /// The record that is here and counts for nothing, if that is what was found.
  package var refusedRecord: RecordID? {
    if case .refused(let id, _) = self { return id }
    return nil
  }

  /// The record that is not there and that others build on, if that is what was found.
  package var lostParent: RecordID? {
    if case .missingParent(_, let parent) = self { return parent }
    return nil
  }
}

/// All records of one store, proven, and what follows from them.
///
/// Source: Formats/record-log.md.
package struct RecordLog: Sendable {
  /// Records whose writer and signature were proven, and void ones on which some of these rely.
  package private(set) var records: [RecordID: Record] = [:]
  /// Records of a revoked writer that do nothing more than say what they added to their descendants.
  package private(set) var void: Set<RecordID> = []
  /// Objects that some record condemns.
  package private(set) var condemnedObjects: Set<ObjectID> = []
  /// Records that are no longer asked for; one that is there counts all the same.
  package private(set) var givenUp: Set<RecordID> = []
  /// Record files that cannot be read and have the names of records given up: nothing is lost with them any more.
  package private(set) var spentFiles: [Digest] = []
  /// Writers of records that are here, and that no record lets sign.
  package private(set) var strangers: Set<Digest> = []
  /// Names of all record files that were there, sound or not.
  package private(set) var files: Set<Digest> = []
  package private(set) var findings: [LogFinding] = []
  /// Records that no other names as parent, ascending.
  package private(set) var frontier: [RecordID] = []

  /// Reads and proves every record of a store.
  package init(store: any BlobStore, configuration: Configuration) throws(RepositoryError) {
    let names: [Digest]
    do {
      names = try store.names(of: .record)
    } catch {
      throw .storage(error)
    }
    var read: [Record] = []
    let ordered = names.sorted()
    store.prepareReading(ordered.map { BlobName(.record, $0) })
    for name in ordered {
      files.insert(name)
      do {
        let bytes = try store.read(BlobName(.record, name))
        guard PlainHash.of(bytes) == name else {
          findings.append(.damagedFile(name, reason: RecordLog.reason(ofWrongName: bytes)))
          continue
        }
        read += try Record.all(in: bytes)
      } catch let error as StorageError {
        guard !error.isDisconnection, !error.isMachineFault else { throw .storage(error) }
        findings.append(.unreadable(name, error))
      } catch {
        findings.append(.damagedFile(name, reason: "\(error)"))
      }
    }
    settle(read, configuration: configuration)
    setSpentFilesAside()
  }

  private mutating func setSpentFilesAside() {
    guard !givenUp.isEmpty else { return }
    findings.removeAll { finding in
      guard let name = finding.unreadFile, givenUp.contains(RecordID(name)) else { return false }
      spentFiles.append(name)
      return true
    }
  }

  /// Why a file's content is not what its name promises; with its writer, where a signature proves one.
  private static func reason(ofWrongName bytes: [UInt8]) -> String {
    let reason = "its content does not hash to its name"
    do throws(RecordError) {
      guard let record = try Record.all(in: bytes).first, record.isSignatureRight else {
        return reason
      }
      return reason
        + "; it is record \(record.id.digest.short) of writer \(record.clear.writer.short)"
    } catch {
      return reason
    }
  }

  /// Proves records that are in no store, or not yet.
  package init(records read: [Record], configuration: Configuration) {
    settle(read, configuration: configuration)
  }

  private mutating func settle(_ read: [Record], configuration: Configuration) {
    prove(read, configuration: configuration)
    frontier = RecordLog.frontier(of: records)
    for record in records.values
    where record.clear.kind == .condemnation && !void.contains(record.id) {
      condemnedObjects.formUnion(record.clear.condemns)
    }
  }

  /// Snapshots that were not removed, oldest first.
  package var snapshots: [Record] {
    let removed = removedSnapshots
    return records.values
      .filter {
        $0.clear.kind == .snapshot && !removed.contains($0.id) && !void.contains($0.id)
      }
      .sorted { ($0.clear.time, $0.id) < ($1.clear.time, $1.id) }
  }

  /// True if the record is a snapshot that counts.
  package func isLive(_ id: RecordID) -> Bool {
    guard let record = records[id], record.clear.kind == .snapshot, !void.contains(id) else {
      return false
    }
    return !removedSnapshots.contains(id)
  }

  /// The sequence number of the writer's next record.
  package func nextSequence(of writer: Digest) -> UInt64 {
    records.values.filter { $0.clear.writer == writer }
      .map { $0.clear.sequence < UInt64.max ? $0.clear.sequence + 1 : $0.clear.sequence }
      .max() ?? 0
  }

  /// True if `writer` is never to sign again.
  package func isRevoked(_ writer: Digest) -> Bool {
    records.values.contains { $0.clear.kind == .revocation && $0.clear.enrolled == writer }
  }

  /// A number of the root's next record that is above those of its lost ones too, should they come back.
  ///
  /// No client remembers the root's numbers: all who have the password sign as the root.
  func sequenceBeyondGaps(_ next: UInt64) -> UInt64 {
    let hasGaps =
      !givenUp.isEmpty || !strangers.isEmpty
      || findings.contains { $0.unreadFile != nil || $0.lostParent != nil }
    guard hasGaps, next < UInt64.max - RecordLog.gap else { return next }
    return next + RecordLog.gap
  }

  /// More records than the root key may have signed among those that are lost.
  private static let gap: UInt64 = 1 << 20

  /// True if `writer` may sign records.
  package func isEnrolled(_ writer: Digest) -> Bool {
    records.values.contains { $0.clear.kind == .enrolment && $0.clear.enrolled == writer }
      && !isRevoked(writer)
  }

  /// All object ids that one record adds, those in manifests among them.
  package static func adds(
    of record: Record,
    in store: any BlobStore
  ) throws(RepositoryError)
    -> [ObjectID]
  {
    var ids = record.clear.adds
    for manifest in record.clear.addManifests {
      ids += try objects(inManifest: manifest, of: record, in: store)
    }
    return ids
  }

  /// The object ids of one manifest, proven by its name.
  package static func objects(
    inManifest manifest: Digest,
    of record: Record,
    in store: any BlobStore
  ) throws(RepositoryError) -> ManifestIDs {
    let bytes: [UInt8]
    do {
      bytes = try store.read(BlobName(.manifest, manifest))
    } catch {
      throw .storage(error)
    }
    guard PlainHash.of(bytes) == manifest else {
      throw .damagedSnapshot(record.id, reason: "manifest \(manifest) is damaged")
    }
    do {
      return try Manifest.decode(bytes)
    } catch {
      throw .damagedSnapshot(record.id, reason: "manifest \(manifest) is malformed")
    }
  }

  /// Removed by a record, and not held by one that the removal had not seen.
  private var removedSnapshots: Set<RecordID> {
    var removed: Set<RecordID> = []
    let holds = records.values.filter { $0.clear.kind == .hold && !void.contains($0.id) }
    for removal in records.values
    where removal.clear.kind == .removal && !void.contains(removal.id) {
      let seen = holds.isEmpty ? [] : ancestors(of: removal)
      for subject in removal.clear.subjects {
        let held = holds.contains { hold in
          hold.clear.subjects.contains(subject) && !seen.contains(hold.id)
        }
        if !held { removed.insert(subject) }
      }
    }
    return removed
  }

  /// The records that a record's author had seen.
  package func ancestors(of record: Record) -> Set<RecordID> {
    var seen: Set<RecordID> = []
    var pending = record.clear.parents
    while let id = pending.popLast() {
      guard seen.insert(id).inserted, let next = records[id] else { continue }
      pending += next.clear.parents
    }
    return seen
  }

  private mutating func prove(_ read: [Record], configuration: Configuration) {
    let repository = configuration.repositoryID
    guard let root = Digest(configuration.rootPublicKey) else { return }
    var enrolled: Set<Digest> = [root]
    // Records of the root come first: they say who else may write.
    let ordered = read.filter { $0.clear.writer == root } + read.filter { $0.clear.writer != root }
    var bySequence: [WriterSequence: RecordID] = [:]
    for record in ordered {
      guard record.clear.repository == repository else {
        findings.append(.refused(record.id, reason: "it belongs to another repository"))
        continue
      }
      guard enrolled.contains(record.clear.writer) else {
        findings.append(.refused(record.id, reason: "its writer was never enrolled"))
        strangers.insert(record.clear.writer)
        continue
      }
      guard record.isSignatureRight else {
        findings.append(.refused(record.id, reason: "its signature is wrong"))
        continue
      }
      switch record.clear.kind {
      case .enrolment, .revocation:
        guard record.clear.writer == root, let writer = record.clear.enrolled else {
          findings.append(.refused(record.id, reason: "only the root key enrols and revokes"))
          continue
        }
        if record.clear.kind == .enrolment { enrolled.insert(writer) }
      case .snapshot, .removal, .condemnation, .tags, .hold, .waiver, .unknown: break
      }
      let place = WriterSequence(writer: record.clear.writer, sequence: record.clear.sequence)
      // All who have the password sign as the root: two enrolments in two copies are nobody's fault.
      if place.writer != root {
        if let other = bySequence[place], other != record.id {
          findings.append(.fork(other, record.id))
        }
        bySequence[place] = record.id
      }
      records[record.id] = record
    }
    voidRevoked()
    for record in records.values where record.clear.kind == .waiver && !void.contains(record.id) {
      givenUp.formUnion(record.clear.subjects)
    }
    for record in records.values {
      for parent in record.clear.parents
      where records[parent] == nil && !givenUp.contains(parent) {
        findings.append(.missingParent(record.id, parent: parent))
      }
    }
  }

  /// What a revoked writer signed counts only if the revocation had seen it.
  ///
  /// Others may have built on the rest before they knew: what it added stands in no record of theirs.
  private mutating func voidRevoked() {
    for revocation in records.values where revocation.clear.kind == .revocation {
      let seen = ancestors(of: revocation)
      for record in records.values
      where record.clear.writer == revocation.clear.enrolled && !seen.contains(record.id) {
        void.insert(record.id)
      }
    }
    guard !void.isEmpty else { return }
    var reliedOn: Set<RecordID> = []
    for record in records.values where !void.contains(record.id) {
      reliedOn.formUnion(ancestors(of: record))
    }
    for id in void.sorted() {
      findings.append(.refused(id, reason: RecordLog.revokedReason))
      if !reliedOn.contains(id) { records[id] = nil }
    }
    void.formIntersection(reliedOn)
  }

  /// Said of records that a revocation had not seen.
  static let revokedReason = "its writer was revoked"

  private static func frontier(of records: [RecordID: Record]) -> [RecordID] {
    var named: Set<RecordID> = []
    for record in records.values { named.formUnion(record.clear.parents) }
    return records.keys.filter { !named.contains($0) }.sorted()
  }

  private struct WriterSequence: Hashable {
    let writer: Digest
    let sequence: UInt64
  }
}
