import CoreTypes
import Indexing
import Sealing
import Sodium
import Storage
import TestSupport
import Testing
import Trees

@testable import Repositories

/// Records that are damaged or gone, and what it takes to go on without them.
@Suite("Lost records of a store")
struct LostRecordTests {
  private let sample: Sample
  private let repository: OpenRepository
  private let enrolment: WriterEnrolment
  private let signer: SigningKey

  init() throws {
    sample = try Sample()
    repository = try sample.open()
    enrolment = try sample.enrolment(of: repository, client: "one")
    signer = try sample.signer(of: repository, client: "one")
  }

  private var memory: ClientMemory {
    get throws {
      try ClientMemory(
        stateFolder: sample.folders("one").state,
        repository: repository.configuration.repositoryID
      )
    }
  }

  private func save(_ content: [UInt8]) throws -> Record {
    let session = try WriteSession(repository: repository, signer: signer)
    try store(content, session: session, repository: repository)
    return try session.commit(time: someTime) { _ in Snapshot() }
  }

  private func remove(_ record: RecordID) throws {
    try repository.store.remove(BlobName(.record, record.digest))
    try repository.reload()
  }

  private func damage(_ record: RecordID) throws {
    let name = BlobName(.record, record.digest)
    var bytes = try repository.store.read(name)
    try repository.store.remove(name)
    bytes[bytes.count - 1] ^= 1
    try repository.store.put(bytes, as: name)
    try repository.reload()
  }

  private func lost() throws -> LostRecords {
    try memory.lostRecords(of: repository.log, in: repository.store.id)
  }

  /// Requires that something is refused because of one record.
  private func requireRefusal(_ why: String, _ body: () throws -> Void) throws {
    do {
      try body()
      Issue.record("it was not refused")
    } catch RepositoryError.rollback(let missing) {
      #expect("gone " + missing.map(\.description).joined() == why)
    } catch RepositoryError.unreadRecords(let files) {
      #expect("unread " + files.map(\.description).joined() == why)
    }
  }

  private func keyless() throws -> KeylessRepository {
    try KeylessRepository(
      store: try #require(repository.store as? DirectoryStore),
      index: repository.index
    )
  }

  private func giveUp(_ records: [RecordID]) throws -> Record {
    let adds = try keyless().unaskedObjects()
    let record = try RecordWaiving(repository: repository, signer: signer).commit(
      records,
      adds: adds,
      time: someTime,
      seen: repository.log
    )
    return try #require(record)
  }

  @Test func `what only a lost record added is named by the record that gives it up`() throws {
    let first = try save([1, 2, 3])
    // It brings nothing: it builds on what the first one added.
    let second = try save([1, 2, 3])
    try #require(first.clear.adds.count == 1 && second.clear.adds.isEmpty)
    #expect(try keyless().unaskedObjects().isEmpty)
    try remove(first.id)
    #expect(try keyless().unaskedObjects() == first.clear.adds)
    #expect(try lost() == LostRecords(files: [], records: [first.id]))
    let waiver = try giveUp([first.id])
    #expect(waiver.clear.kind == .waiver && waiver.clear.subjects == [first.id])
    #expect(waiver.clear.adds == first.clear.adds)
    #expect(repository.log.findings == [] && repository.log.givenUp == [first.id])
    #expect(try keyless().unaskedObjects().isEmpty)
    #expect(try keyless().lostObjects().isEmpty)
    #expect(try lost().records.isEmpty)
    // Another store that gets the record without the object lacks it.
    let object = try #require(first.clear.adds.first)
    try repository.index.markDamaged([object])
    #expect(try keyless().lostObjects() == [object])
  }

  @Test func `what a client saw and is gone is a rollback, damaged it is not`() throws {
    let first = try save([1])
    let second = try save([2])
    try enrolment.remember()
    try damage(second.id)
    #expect(try lost() == LostRecords(files: [second.id.digest], records: [second.id]))
    try requireRefusal("unread \(second.id)") { try enrolment.refuseRollback() }
    try remove(second.id)
    try requireRefusal("gone \(second.id)") { _ = try lost() }
    // That another record is damaged does not explain it: its file has its own name.
    _ = try save([3])
    let third = try save([4])
    try enrolment.remember()
    _ = try save([5])
    try damage(first.id)
    try remove(third.id)
    try requireRefusal("gone \(third.id)") { _ = try lost() }
  }

  @Test func `a damaged file of no known record may have held what is gone`() throws {
    let first = try save([1])
    try enrolment.remember()
    try remove(first.id)
    let joint = digest(9)
    try repository.store.put([1, 2, 3], as: BlobName(.record, joint))
    try repository.reload()
    #expect(
      try lost() == LostRecords(files: [joint], records: [first.id, RecordID(joint)].sorted())
    )
  }

  @Test func `what was given up is gone for no client, and comes back as it was`() throws {
    let first = try save([1])
    let bytes = first.bytes
    try enrolment.remember()
    try damage(first.id)
    _ = try giveUp([first.id])
    #expect(repository.log.findings == [] && repository.log.spentFiles == [first.id.digest])
    try enrolment.refuseRollback()
    let removed = try SpentRecordFiles(of: keyless()).remove()
    #expect(removed.removed == [first.id.digest] && removed.kept == [])
    try repository.reload()
    #expect(repository.log.spentFiles == [])
    try enrolment.refuseRollback()
    #expect(try SpentRecordFiles(of: keyless()).remove() == SpentRecordFiles.Outcome())
    try repository.store.put(bytes, as: BlobName(.record, first.id.digest))
    try repository.reload()
    #expect(repository.log.findings == [])
    #expect(repository.log.snapshots.map(\.id) == [first.id])
  }

  @Test func `a file that was brought back meanwhile is not removed`() throws {
    let first = try save([1])
    try damage(first.id)
    _ = try giveUp([first.id])
    let keyless = try keyless()
    let name = BlobName(.record, first.id.digest)
    try repository.store.remove(name)
    try repository.store.put(first.bytes, as: name)
    #expect(try SpentRecordFiles(of: keyless).remove() == SpentRecordFiles.Outcome())
    #expect(try repository.store.read(name) == first.bytes)
  }

  @Test func `whole records are found in a damaged file, whatever was done to one of them`() throws
  {
    let records = try (UInt8(0)..<4).map { try save([$0]) }
    let joint = records.flatMap(\.bytes)
    #expect(RecordSalvage.wholeRecords(in: joint).map(\.id) == records.map(\.id))
    let seed = UInt64.random(in: 0...UInt64.max)
    print("salvage of records: seed \(seed)")
    var random = SplitMix64(seed: seed)
    let second = records[0].bytes.count..<records[0].bytes.count + records[1].bytes.count
    let others = [records[0].id, records[2].id, records[3].id]
    for _ in 0..<200 {
      var damaged = joint
      damaged[Int.random(in: second, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
      #expect(RecordSalvage.wholeRecords(in: damaged).map(\.id) == others)
    }
    var cut = joint
    cut.removeLast(5)
    #expect(RecordSalvage.wholeRecords(in: cut).map(\.id) == records.dropLast().map(\.id))
    #expect(RecordSalvage.wholeRecords(in: [UInt8](repeating: 0x83, count: 1 << 20)).isEmpty)
  }

  @Test func `a client whose enrolment is lost enrols the same key again`() throws {
    let enrolled = try #require(repository.log.records.values.first).id
    let first = try save([1])
    try enrolment.remember()
    try remove(enrolled)
    #expect(repository.log.snapshots.isEmpty)
    #expect(try enrolment.isForgotten())
    // What is here and refused is not gone.
    try enrolment.refuseRollback()
    let again = try sample.signer(of: repository, client: "one")
    #expect(again.publicKey == signer.publicKey)
    #expect(try !enrolment.isForgotten())
    #expect(repository.log.snapshots.map(\.id) == [first.id])
    #expect(repository.log.findings == [.missingParent(first.id, parent: enrolled)])
    // Whoever has the lost one takes both: the number of the new one is above it.
    let anew = try #require(repository.log.records.values.first { $0.clear.kind == .enrolment })
    #expect(anew.clear.sequence >= 1 << 20)
  }

  @Test func `a client whose key was revoked gets another`() throws {
    let writer = try writer(signer)
    let root = SigningKey(seed: repository.bundle.rootSeed)
    var clear = try RecordClear(
      .revocation,
      of: repository.configuration.repositoryID,
      signer: root,
      following: repository.log,
      time: someTime
    )
    clear.enrolled = writer
    let seen = repository.log
    try #require(try repository.commit(clear, content: nil, signer: root, seen: seen) != nil)
    #expect(try sample.signer(of: repository, client: "one").publicKey != signer.publicKey)
  }
}
