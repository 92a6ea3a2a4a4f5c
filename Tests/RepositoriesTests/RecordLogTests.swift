import CoreTypes
import Sealing
import Sodium
import Storage
import TestSupport
import Testing

@testable import Repositories

/// A log that is built record by record.
private struct LogBuilder {
  let root = Root()
  let store: MemoryStore
  let keyring: Keyring

  init() throws {
    keyring = try makeDataKey()
    guard let id = StoreID([UInt8](repeating: 1, count: 16)) else {
      throw StorageError.damagedStoreID
    }
    store = MemoryStore(id: id, configuration: [])
  }

  func log() throws -> RecordLog {
    try RecordLog(store: store, configuration: root.configuration)
  }

  /// Signs and stores a record.
  func add(
    _ kind: RecordKind,
    by signer: SigningKey,
    sequence: UInt64,
    after parents: [RecordID] = [],
    _ change: (inout RecordClear) -> Void = { _ in }
  ) throws -> RecordID {
    var clear = RecordClear(
      repository: root.configuration.repositoryID,
      writer: try writer(signer),
      sequence: sequence,
      parents: parents.sorted(),
      kind: kind,
      time: someTime
    )
    change(&clear)
    let record = try Record(
      signing: clear,
      content: nil,
      key: keyring.currentDataKey,
      signer: signer
    )
    try store.put(record.bytes, as: BlobName(.record, record.id.digest))
    return record.id
  }

  /// Enrols a new writer by a record of the root.
  func enrol(sequence: UInt64) throws -> (key: SigningKey, record: RecordID) {
    let key = SigningKey(seed: SecretBytes(random: 32))
    let name = try writer(key)
    let id = try add(.enrolment, by: root.key, sequence: sequence) { $0.enrolled = name }
    return (key, id)
  }
}

@Suite("Record log")
struct RecordLogTests {
  private let builder: LogBuilder

  init() throws { builder = try LogBuilder() }

  @Test func `an empty log has no records and no findings`() throws {
    let log = try builder.log()
    #expect(log.records.isEmpty && log.frontier.isEmpty && log.findings.isEmpty)
    #expect(log.nextSequence(of: digest(1)) == 0)
  }

  @Test func `an enrolled writer counts, and the frontier is what nothing follows`() throws {
    let (key, enrolment) = try builder.enrol(sequence: 0)
    let snapshot = try builder.add(.snapshot, by: key, sequence: 0, after: [enrolment])
    let log = try builder.log()
    #expect(log.findings == [])
    #expect(log.frontier == [snapshot])
    #expect(log.snapshots.map(\.id) == [snapshot])
    #expect(log.isEnrolled(try writer(key)))
    #expect(log.nextSequence(of: try writer(key)) == 1)
  }

  @Test func `a writer that was never enrolled is refused`() throws {
    let stranger = SigningKey(seed: SecretBytes(random: 32))
    let id = try builder.add(.snapshot, by: stranger, sequence: 0)
    let log = try builder.log()
    #expect(log.findings == [.refused(id, reason: "its writer was never enrolled")])
    #expect(log.records.isEmpty)
    #expect(log.files == [id.digest])
  }

  @Test func `only the root key enrols`() throws {
    let (key, _) = try builder.enrol(sequence: 0)
    let friend = try writer(SigningKey(seed: SecretBytes(random: 32)))
    let id = try builder.add(.enrolment, by: key, sequence: 0) { $0.enrolled = friend }
    let log = try builder.log()
    #expect(log.findings == [.refused(id, reason: "only the root key enrols and revokes")])
    #expect(!log.isEnrolled(friend))
  }

  @Test func `a record of another repository is refused`() throws {
    let id = try builder.add(.snapshot, by: builder.root.key, sequence: 0) {
      $0.repository = RepositoryID(digest(99))
    }
    #expect(
      try builder.log().findings == [
        .refused(id, reason: "it belongs to another repository")
      ]
    )
  }

  @Test func `a fork is named, and both sides stay`() throws {
    let (key, _) = try builder.enrol(sequence: 0)
    let one = try builder.add(.snapshot, by: key, sequence: 4)
    let two = try builder.add(.snapshot, by: key, sequence: 4) { $0.adds = [ObjectID(digest(1))] }
    let log = try builder.log()
    #expect(log.findings == [.fork(min(one, two), max(one, two))])
    #expect(Set(log.snapshots.map(\.id)) == [one, two])
  }

  @Test func `a missing parent is named`() throws {
    let missing = RecordID(digest(77))
    let id = try builder.add(.hold, by: builder.root.key, sequence: 0, after: [missing])
    #expect(try builder.log().findings == [.missingParent(id, parent: missing)])
  }

  @Test func `a damaged record file is named and the others are read`() throws {
    let (_, enrolment) = try builder.enrol(sequence: 0)
    try builder.store.put([1, 2, 3], as: BlobName(.record, digest(5)))
    let garbage: [UInt8] = [1, 2, 3]
    try builder.store.put(garbage, as: BlobName(.record, PlainHash.of(garbage)))
    let log = try builder.log()
    #expect(log.findings.count == 2)
    #expect(
      log.findings.contains(
        .damagedFile(digest(5), reason: "its content does not hash to its name")
      )
    )
    #expect(Set(log.records.keys) == [enrolment])
    #expect(log.files.count == 3)
  }

  @Test func `a sound record under a wrong name is named with its writer, and counts as absent`()
    throws
  {
    let (key, enrolment) = try builder.enrol(sequence: 0)
    let record = try builder.add(.snapshot, by: key, sequence: 0, after: [enrolment])
    let bytes = try builder.store.read(BlobName(.record, record.digest))
    try builder.store.remove(BlobName(.record, record.digest))
    try builder.store.put(bytes, as: BlobName(.record, digest(5)))
    // One whose signature is not right says nothing about who wrote it.
    var forged = bytes
    forged[forged.count - 1] ^= 1
    try builder.store.put(forged, as: BlobName(.record, digest(6)))
    let log = try builder.log()
    let reason = "its content does not hash to its name"
    let name = try writer(key).short
    let origin = "; it is record \(record.digest.short) of writer \(name)"
    #expect(
      log.findings == [
        .damagedFile(digest(5), reason: reason + origin), .damagedFile(digest(6), reason: reason),
      ]
    )
    #expect(Set(log.records.keys) == [enrolment])
  }

  @Test func `a removed snapshot is gone`() throws {
    let root = builder.root.key
    let one = try builder.add(.snapshot, by: root, sequence: 0)
    let two = try builder.add(.snapshot, by: root, sequence: 1, after: [one])
    _ = try builder.add(.removal, by: root, sequence: 2, after: [two]) { $0.subjects = [one] }
    let log = try builder.log()
    #expect(log.snapshots.map(\.id) == [two])
    #expect(!log.isLive(one))
    #expect(log.isLive(two))
    #expect(log.records[one] != nil)
  }

  @Test func `a hold that the removal had not seen keeps its snapshot`() throws {
    let root = builder.root.key
    let one = try builder.add(.snapshot, by: root, sequence: 0)
    _ = try builder.add(.removal, by: root, sequence: 1, after: [one]) { $0.subjects = [one] }
    _ = try builder.add(.hold, by: root, sequence: 2, after: [one]) { $0.subjects = [one] }
    #expect(try builder.log().isLive(one))
  }

  @Test func `a hold that the removal had seen does not keep it`() throws {
    let root = builder.root.key
    let one = try builder.add(.snapshot, by: root, sequence: 0)
    let hold = try builder.add(.hold, by: root, sequence: 1, after: [one]) { $0.subjects = [one] }
    _ = try builder.add(.removal, by: root, sequence: 2, after: [hold]) { $0.subjects = [one] }
    #expect(try !builder.log().isLive(one))
  }

  @Test func `a revoked writer keeps only what the revocation had seen`() throws {
    let (key, enrolment) = try builder.enrol(sequence: 0)
    let name = try writer(key)
    let seen = try builder.add(.snapshot, by: key, sequence: 0, after: [enrolment])
    _ = try builder.add(.revocation, by: builder.root.key, sequence: 1, after: [seen]) {
      $0.enrolled = name
    }
    let late = try builder.add(.snapshot, by: key, sequence: 1, after: [seen])
    let log = try builder.log()
    #expect(log.snapshots.map(\.id) == [seen])
    #expect(log.findings == [.refused(late, reason: "its writer was revoked")])
    #expect(!log.isEnrolled(name))
  }

  @Test func `a void record keeps its place under those who built on it, and condemns nothing`()
    throws
  {
    let (thief, theirs) = try builder.enrol(sequence: 0)
    let (friend, ours) = try builder.enrol(sequence: 1)
    let revoked = try writer(thief)
    let revocation = try builder.add(.revocation, by: builder.root.key, sequence: 2) {
      $0.enrolled = revoked
    }
    let object = ObjectID(digest(3))
    let void = try builder.add(.condemnation, by: thief, sequence: 0, after: [theirs]) {
      $0.condemns = [object]
    }
    let idle = try builder.add(.snapshot, by: thief, sequence: 1, after: [theirs])
    let honest = try builder.add(.snapshot, by: friend, sequence: 0, after: [ours, void])
    let log = try builder.log()
    #expect(log.void == [void])
    #expect(log.records[idle] == nil)
    #expect(log.records[void] != nil)
    #expect(log.condemnedObjects.isEmpty)
    #expect(log.snapshots.map(\.id) == [honest])
    #expect(log.frontier == [honest, revocation].sorted())
    #expect(
      Set(log.findings.map(String.init(describing:)))
        == Set([void, idle].map { "\(LogFinding.refused($0, reason: "its writer was revoked"))" })
    )
  }

  @Test func `a parent that was given up need not be there, and a record that is there counts`()
    throws
  {
    let (key, enrolment) = try builder.enrol(sequence: 0)
    let missing = RecordID(digest(77))
    let child = try builder.add(
      .snapshot,
      by: key,
      sequence: 0,
      after: [enrolment, missing].sorted()
    )
    let waiver = try builder.add(.waiver, by: key, sequence: 1, after: [child]) {
      $0.subjects = [child, missing].sorted()
    }
    let log = try builder.log()
    #expect(log.findings == [])
    #expect(log.givenUp == [child, missing])
    #expect(log.snapshots.map(\.id) == [child])
    #expect(log.frontier == [waiver])
  }

  @Test func `a revoked writer gives nothing up`() throws {
    let (thief, theirs) = try builder.enrol(sequence: 0)
    let (friend, ours) = try builder.enrol(sequence: 1)
    let revoked = try writer(thief)
    _ = try builder.add(.revocation, by: builder.root.key, sequence: 2) { $0.enrolled = revoked }
    let missing = RecordID(digest(77))
    let void = try builder.add(.waiver, by: thief, sequence: 0, after: [theirs]) {
      $0.subjects = [missing]
    }
    let honest = try builder.add(
      .snapshot,
      by: friend,
      sequence: 0,
      after: [ours, void, missing].sorted()
    )
    let log = try builder.log()
    #expect(log.void == [void])
    #expect(log.givenUp.isEmpty)
    #expect(log.findings.contains(.missingParent(honest, parent: missing)))
  }

  @Test func `a damaged file of a record that was given up is set aside`() throws {
    let (key, enrolment) = try builder.enrol(sequence: 0)
    for number in UInt64(5)...6 {
      try builder.store.put([1, 2, 3], as: BlobName(.record, digest(number)))
    }
    _ = try builder.add(.waiver, by: key, sequence: 0, after: [enrolment]) {
      $0.subjects = [RecordID(digest(5))]
    }
    let log = try builder.log()
    #expect(log.spentFiles == [digest(5)])
    #expect(log.findings.compactMap(\.unreadFile) == [digest(6)])
    #expect(log.files.count == 4)
  }

  @Test func `a waiver keeps what the log before it requires, whatever others let go meanwhile`()
    throws
  {
    let (key, enrolment) = try builder.enrol(sequence: 0)
    let (other, others) = try builder.enrol(sequence: 1)
    let object = ObjectID(digest(3))
    let base = try builder.add(.snapshot, by: key, sequence: 0, after: [enrolment]) {
      $0.adds = [object]
    }
    // The record between the two is lost: nothing says any more that the second builds on the first.
    let late = try builder.add(.snapshot, by: key, sequence: 2, after: [RecordID(digest(77))])
    _ = try builder.add(.condemnation, by: other, sequence: 0, after: [others, base]) {
      $0.condemns = [object]
    }
    let requires = { () throws -> Bool in
      let log = try builder.log()
      let claims = log.records.values.map {
        ObjectClaims(of: $0, adds: $0.clear.adds, isVoid: log.void.contains($0.id))
      }
      return RequiredObjects(claims).requires(named: object)
    }
    #expect(try !requires())
    let waiver = try builder.add(.waiver, by: key, sequence: 3, after: [base, late]) {
      $0.subjects = [RecordID(digest(77))]
    }
    #expect(try requires())
    // Whoever has seen it may let go of what it kept.
    _ = try builder.add(.condemnation, by: other, sequence: 1, after: [waiver]) {
      $0.condemns = [object]
    }
    #expect(try !requires())
  }

  @Test func `a sequence at its end does not trap`() throws {
    _ = try builder.add(.hold, by: builder.root.key, sequence: .max)
    let log = try builder.log()
    #expect(log.nextSequence(of: try writer(builder.root.key)) == .max)
  }
}
