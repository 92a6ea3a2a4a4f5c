import TestSupport
import CoreTypes
import Encoding
import Foundation
import Indexing
import Packing
import Sealing
import Sodium
import Storage
import Testing
import Trees

@testable import Repositories

@Suite("Write sessions")
struct SessionTests {
  let sample: Sample

  init() throws { sample = try Sample() }

  @Test func `what a session stored is read back by another client`() throws {
    let content = Array("hello".utf8)
    let chunk: ChunkID
    let snapshot: RecordID
    do {
      let repository = try sample.open()
      let signer = try sample.signer(of: repository, client: "one")
      let session = try WriteSession(repository: repository, signer: signer)
      chunk = try store(content, session: session, repository: repository)
      #expect(try session.isStored(chunk))
      snapshot = try session.commit(time: someTime) { _ in Snapshot() }.id
    }
    let other = try sample.open(client: "two")
    #expect(other.openFindings == [])
    #expect(try ChunkSource(repository: other).bytes(of: chunk, kind: .data) == content)
    #expect(other.log.snapshots.map(\.id) == [snapshot])
    #expect(try other.findSnapshot("latest").id == snapshot)
    #expect(try other.snapshot(other.findSnapshot("latest")) == Snapshot())
    let added = try #require(other.log.records[snapshot]).clear.adds
    #expect(added.count == 1)
    #expect(try other.index.isClaimed(added[0]))
  }

  @Test func `what another client brings while a repository is open counts as there`() throws {
    let first = try sample.open(client: "one")
    let second = try sample.open(client: "two")
    let signer = try sample.signer(of: second, client: "two")
    let session = try WriteSession(repository: second, signer: signer)
    let content = Array("from the other one".utf8)
    let chunk = try store(content, session: session, repository: second)
    let record = try session.commit(time: someTime) { _ in Snapshot() }
    try first.refresh()
    #expect(first.log.snapshots.map(\.id) == [record.id])
    for object in record.clear.adds { #expect(try first.index.isUsable(object)) }
    #expect(try ChunkSource(repository: first).bytes(of: chunk, kind: .data) == content)
  }

  @Test func `a chunk behind a damaged stub is read through its head`() throws {
    let repository = try sample.open()
    let signer = try sample.signer(of: repository, client: "one")
    let session = try WriteSession(repository: repository, signer: signer)
    let chunk = try store([1, 2, 3], session: session, repository: repository)
    let pack = try #require(try repository.index.allPacks().first).pack
    let text = pack.digest.description
    let file = "store/packs/\(text.prefix(2))/\(text)"
    let sound = try sample.folder.read(file)
    for offset in 16..<16 + ObjectPreamble.stubByteCount {
      var damaged = sound
      damaged[offset] ^= 1
      try sample.folder.write(damaged, to: file)
      let source = try ChunkSource(repository: try sample.open())
      #expect(try source.bytes(of: chunk, kind: .data) == [1, 2, 3], "byte \(offset - 16)")
    }
  }

  @Test func `a client uses no number twice, in whatever copy it signs`() throws {
    let store = URL(fileURLWithPath: sample.path)
    let copy = URL(fileURLWithPath: sample.folder.path + "/copy")
    let signer = try sample.signer(of: try sample.open(), client: "one")
    try FileManager.default.copyItem(at: store, to: copy)
    var records: [Record] = []
    for path in [store.path, copy.path, copy.path, store.path] {
      let unlocked = try UnlockedRepository(
        store: try DirectoryStore(path: path),
        secret: .recoveryKey(sample.recovery.secret)
      )
      let repository = try unlocked.open(folders: sample.folders("one"))
      let session = try WriteSession(repository: repository, signer: signer)
      records.append(try session.commit(time: someTime) { _ in Snapshot() })
    }
    let numbers = records.map(\.clear.sequence)
    #expect(numbers == numbers.sorted() && Set(numbers).count == 4)
    let log = try sample.open().log
    let merged = log.merging(records, configuration: try sample.open().configuration)
    #expect(merged.refusals == [] && merged.remarks == [])
    #expect(merged.new.count == 2)
  }

  @Test func `what only newer programs may change is read, and never written`() throws {
    let before = try sample.open()
    let signer = try sample.signer(of: before, client: "one")
    let root = SigningKey(seed: before.bundle.rootSeed)
    let plain = before.configuration.encoded(rootKey: root)
    var reader = CBORReader(plain)
    try reader.expectArray(2)
    var payload = Array(try reader.readBytes(limit: 65_536))
    let place = try #require(
      payload.indices.dropLast().first { payload[$0] == 5 && payload[$0 + 1] == 0x80 }
    )
    payload.replaceSubrange(place + 1...place + 1, with: [0x81, 0x65] + Array("frost".utf8))
    var file = CBORWriter()
    file.arrayHeader(2)
    file.bytes(payload)
    file.bytes(root.sign(Array("kist configuration 1\n".utf8) + payload))
    try sample.folder.write(file.bytes, to: "store/kist")
    let repository = try sample.open()
    #expect(repository.configuration.readOnlyCompatible == ["frost"])
    func isRefusal(_ error: any Error) -> Bool {
      guard case RepositoryError.unsupported(1, features: ["frost"]) = error else { return false }
      return true
    }
    #expect {
      try WriteSession(repository: repository, signer: signer)
    } throws: { isRefusal($0) }
    #expect {
      try sample.enrolment(of: repository, client: "two")
        .signer(label: "two", host: "host", time: someTime)
    } throws: { isRefusal($0) }
  }

  @Test func `a chunk is claimed by one asker alone`() throws {
    let repository = try sample.open()
    let signer = try sample.signer(of: repository, client: "one")
    let session = try WriteSession(repository: repository, signer: signer)
    let chunk = ChunkID(digest(1))
    #expect(try !session.isStored(chunk))
    #expect(try session.isStored(chunk))
    #expect(try !session.isPresent(chunk))
  }

  @Test func `two sessions that commit at once both land`() async throws {
    for client in ["one", "two"] {
      let repository = try sample.open(client: client)
      _ = try sample.signer(of: repository, client: client)
    }
    let sample = sample
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in ["one", "two"] {
        group.addTask {
          let repository = try sample.open(client: client)
          let signer = try sample.signer(of: repository, client: client)
          for round in UInt8(0)..<5 {
            let session = try WriteSession(repository: repository, signer: signer)
            let content = Array(client.utf8) + [round]
            try store(content, session: session, repository: repository)
            _ = try session.commit(time: someTime) { _ in Snapshot() }
          }
        }
      }
      try await group.waitForAll()
    }
    let log = try sample.open(client: "three").log
    #expect(log.findings == [])
    #expect(log.snapshots.count == 10)
    #expect(log.frontier.count == 1)
  }

  @Test func `many added objects go into a manifest`() throws {
    let repository = try sample.open()
    let signer = try sample.signer(of: repository, client: "one")
    let session = try WriteSession(repository: repository, signer: signer)
    let naming = repository.keyring.currentIdentityKey
    var sealer = try ObjectSealer(
      key: repository.keyring.currentDataKey,
      identityKey: naming.id,
      compression: .off
    )
    var pack = try PackWriter(in: repository.store)
    for number in 0..<(Record.inlineAddLimit + 1) {
      let content = [UInt8(number & 0xFF), UInt8(number >> 8)]
      let id = naming.chunkID(of: content.span, kind: .data)
      let object = try sealer.seal(
        kind: .data,
        chunkIDs: [id],
        lengths: [content.count],
        plaintext: content.span
      ).named()
      try pack.append(object)
    }
    try session.enter(try pack.finish())
    let record = try session.commit(time: someTime) { _ in Snapshot() }
    #expect(record.clear.adds == [])
    #expect(record.clear.addManifests.count == 1)
    let adds = try RecordLog.adds(of: record, in: repository.store)
    #expect(adds.count == Record.inlineAddLimit + 1)
  }

  @Test func `a session whose pack vanished does not commit over newer records`() throws {
    let repository = try sample.open()
    let signer = try sample.signer(of: repository, client: "one")
    let session = try WriteSession(repository: repository, signer: signer)
    let packs = Set(try repository.store.names(of: .pack))
    try store([1, 2, 3], session: session, repository: repository)
    let pack = try #require(try repository.store.names(of: .pack).first { !packs.contains($0) })
    let other = try sample.open(client: "two")
    _ = try sample.signer(of: other, client: "two")
    try repository.store.remove(BlobName(.pack, pack))
    _ = try repository.index.remove(PackID(pack))
    #expect(throws: RepositoryError.self) {
      try session.commit(time: someTime) { _ in Snapshot() }
    }
    #expect(try sample.open(client: "three").log.snapshots.isEmpty)
  }
}

@Suite("Writers and rollbacks")
struct EnrolmentTests {
  let sample: Sample

  init() throws { sample = try Sample() }

  @Test func `a client keeps its key, another client gets one of its own`() throws {
    let repository = try sample.open()
    let one = try sample.signer(of: repository, client: "one")
    #expect(try sample.signer(of: repository, client: "one").publicKey == one.publicKey)
    #expect(repository.log.records.count == 1)
    let two = try sample.signer(of: repository, client: "two")
    #expect(two.publicKey != one.publicKey)
    #expect(repository.log.records.count == 2)
    #expect(repository.log.isEnrolled(try writer(one)))
  }

  @Test func `a store that lost what was seen is refused`() throws {
    let repository = try sample.open()
    let enrolment = try sample.enrolment(of: repository, client: "one")
    try enrolment.refuseRollback()
    _ = try sample.signer(of: repository, client: "one")
    try enrolment.remember()
    try enrolment.refuseRollback()
    let record = try #require(repository.log.frontier.first)
    try repository.store.remove(BlobName(.record, record.digest))
    try repository.reload()
    do {
      try enrolment.refuseRollback()
      Issue.record("a rollback was not noticed")
    } catch {
      guard case .rollback(let missing) = error else {
        Issue.record(error)
        return
      }
      #expect(missing == [record])
    }
  }

  @Test func `objects of an orphaned pack are saved, a damaged one is passed over`() throws {
    let repository = try sample.open()
    let signer = try sample.signer(of: repository, client: "one")
    let session = try WriteSession(repository: repository, signer: signer)
    let contents: [[UInt8]] = [[1, 2, 3], [4, 5, 6]]
    let chunks = try contents.map {
      try store($0, session: session, repository: repository)
    }
    // Both packs without their heads, one after the other, as a writer would have left them.
    var orphan: [UInt8] = []
    for (_, pack) in try repository.index.allPacks() {
      let place = try #require(try repository.packs.trailer(of: pack).places.first)
      let name = BlobName(.pack, pack.digest)
      orphan += try repository.store.read(name, from: 0, count: place.headOffset)
      _ = try repository.index.remove(pack)
      try repository.store.remove(name)
    }
    orphan[16 + ObjectPreamble.stubByteCount] ^= 1
    try sample.folder.write(orphan, to: "store/tmp/orphan")
    let salvaged = try OrphanSalvage(repository: repository).run()
    #expect(salvaged.packs == 1 && salvaged.objects == 1)
    let saved = try repository.index.allPacks().map {
      try repository.store.byteCount(of: BlobName(.pack, $0.pack.digest))
    }
    #expect(saved == [salvaged.bytes])
    #expect(try OrphanSalvage(repository: repository).run() == OrphanSalvage.Summary())
    #expect(try repository.store.orphans().isEmpty)
    let source = try ChunkSource(repository: repository)
    #expect(try source.bytes(of: chunks[1], kind: .data) == contents[1])
    #expect(throws: RepositoryError.self) { try source.bytes(of: chunks[0], kind: .data) }
  }
}
