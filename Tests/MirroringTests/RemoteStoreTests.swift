import CoreTypes
import Packing
import Repositories
import Sealing
import Sodium
import Storage
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Mirroring

@Suite("Remote stores")
struct RemoteStoreTests {
  private let family: Family
  private let lender: Lender

  init() throws {
    family = try Family()
    lender = try Lender(family)
    var random = SplitMix64(seed: 3)
    try family.snapshot(lender.repository, sizes: [9000, 200, 70_000], random: &random)
  }

  private func packName() throws -> BlobName {
    BlobName(.pack, try #require(try lender.store.names(of: .pack).first))
  }

  @Test func `every question is answered as the store itself answers it`() throws {
    let remote = try lender.remote()
    #expect(remote.id == lender.store.id)
    #expect(try remote.readConfiguration() == family.configuration)
    try lender.store.put([1, 2, 3], as: BlobName(.slot, PlainHash.of([1, 2, 3])))
    for kind in BlobKind.allCases {
      #expect(try Set(remote.names(of: kind)) == Set(lender.store.names(of: kind)))
      for digest in try lender.store.names(of: kind) {
        let name = BlobName(kind, digest)
        let bytes = try lender.store.read(name)
        #expect(try remote.byteCount(of: name) == bytes.count)
        #expect(try remote.read(name) == bytes)
        #expect(try remote.read(name, from: 1, count: 2) == Array(bytes[1..<3]))
        #expect(try remote.read(name, from: bytes.count, count: 0) == [])
        for (offset, count) in [(0, bytes.count + 1), (bytes.count, 1), (bytes.count + 9, 1)] {
          #expect(
            throws: StorageError.short(
              name,
              needed: count,
              found: max(0, bytes.count - offset)
            )
          ) {
            try remote.read(name, from: offset, count: count)
          }
        }
        for (offset, count) in [(-1, 1), (0, -1), (Int.min, 4), (Int.max, Int.max), (1, Int.max)] {
          #expect(throws: StorageError.self) { try remote.read(name, from: offset, count: count) }
        }
      }
      let missing = BlobName(kind, Digest(words: 9, 9, 9, 9))
      #expect(throws: StorageError.missing(missing)) { try remote.read(missing) }
      #expect(throws: StorageError.missing(missing)) { try remote.byteCount(of: missing) }
      #expect(throws: StorageError.missing(missing)) {
        try remote.read(missing, from: 0, count: 1)
      }
    }
    #expect(try remote.strangers() == [])
    #expect(try remote.orphans().isEmpty)
    #expect(remote.obstacle == nil)
  }

  @Test func `what is asked ahead is what comes, and unasked it comes too`() throws {
    var random = SplitMix64(seed: 8)
    for _ in 0..<60 { try family.commit(.tags, to: lender.repository) }
    for _ in 0..<20 { try family.pack([300, 900], in: lender.store, random: &random) }
    let remote = try lender.remote()
    for kind in [BlobKind.record, .pack] {
      let names = try lender.store.names(of: kind).map { BlobName(kind, $0) }
      remote.prepareReading(names)
      // Every third is left out, and one that is missing is asked for ahead.
      remote.prepareReading(names + [BlobName(kind, Digest(words: 1, 2, 3, 4))])
      for (number, name) in names.enumerated() where number % 3 != 0 {
        let size = try lender.store.byteCount(of: name)
        #expect(try remote.byteCount(of: name) == size)
        #expect(
          try remote.read(name, from: size - 40, count: 40)
            == lender.store.read(name, from: size - 40, count: 40)
        )
        if kind == .record { #expect(try remote.read(name) == lender.store.read(name)) }
      }
    }
    #expect(
      try RecordLog(store: remote, configuration: lender.repository.configuration)
        .frontier == lender.repository.log.frontier
    )
  }

  @Test func `many threads read at once, each its own answer`() throws {
    let (remote, name) = (try lender.remote(), try packName())
    let bytes = try lender.store.read(name)
    let faults = Mutex(0)
    let threads = try (0..<8).map { number in
      try WorkerThread.start {
        var random = SplitMix64(seed: UInt64(number))
        for _ in 0..<200 {
          let start = Int.random(in: 0..<bytes.count, using: &random)
          let count = Int.random(in: 0...bytes.count - start, using: &random)
          do throws(StorageError) {
            let read = try remote.read(name, from: start, count: count)
            if read != Array(bytes[start..<start + count]) { faults.withLock { $0 += 1 } }
          } catch {
            faults.withLock { $0 += 1 }
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(faults.withLock { $0 } == 0)
  }

  @Test func `a pack is nowhere until it is published, and then it is whole`() throws {
    var random = SplitMix64(seed: 4)
    let pack = try family.packBytes([5000, 300_000, 40], random: &random)
    let remote = try lender.remote()
    let before = try lender.store.names(of: .pack)
    let (blob, other) = (try remote.newBlob(), try remote.newBlob())
    try other.append(Array(pack.bytes[..<100]))
    try blob.append([])
    for start in stride(from: 0, to: pack.bytes.count, by: 70_001) {
      try blob.append(Array(pack.bytes[start..<min(start + 70_001, pack.bytes.count)]))
    }
    #expect(try lender.store.names(of: .pack) == before)
    try blob.publish(as: pack.name)
    other.abandon()
    #expect(try lender.store.read(pack.name) == pack.bytes)
    #expect(try remote.read(pack.name) == pack.bytes)
    #expect(try faults(of: lender.repository) == [])
    // The same again is the same file.
    try remote.put(pack.bytes, as: pack.name)
    #expect(try lender.store.names(of: .pack).count == before.count + 1)
  }

  @Test func `what does not prove itself is not taken, and the session goes on`() throws {
    var random = SplitMix64(seed: 5)
    let remote = try lender.remote()
    let pack = try family.packBytes([50, 900], random: &random)
    for _ in 0..<60 {
      var bytes = pack.bytes
      bytes[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(
        in: 1...255,
        using: &random
      )
      let damaged = bytes
      try expectRefusal { try remote.put(damaged, as: pack.name) }
    }
    try expectRefusal { try remote.put(pack.bytes, as: BlobName(.pack, random.digest())) }
    try expectRefusal { try remote.put(Array(pack.bytes.dropLast()), as: pack.name) }
    try expectRefusal { try remote.put([1, 2], as: BlobName(.manifest, PlainHash.of([1, 2]))) }
    try expectRefusal { try remote.put([1, 2], as: BlobName(.slot, PlainHash.of([1, 2]))) }
    try expectRefusal { try remote.put([1, 2], as: BlobName(.keyringEntry, PlainHash.of([1]))) }
    #expect(try lender.store.names(of: .pack).count == 1)
    #expect(try lender.store.names(of: .manifest) == [])
    #expect(try lender.store.names(of: .slot) == [])
    let manifest = Manifest.encode([ObjectID(random.digest())][...])
    try remote.put(manifest, as: BlobName(.manifest, PlainHash.of(manifest)))
    try remote.put(pack.bytes, as: pack.name)
    #expect(remote.obstacle == nil)
  }

  private func expectRefusal(_ body: () throws -> Void) throws {
    do {
      try body()
      Issue.record("it was taken")
    } catch StorageError.notTaken {
      return
    }
  }

  // MARK: Commit

  @Test func `a commit needs to know every record, and its objects`() throws {
    var random = SplitMix64(seed: 6)
    let remote = try lender.remote()
    let pack = try family.packBytes([700], random: &random)
    let record = try family.record(.snapshot, in: lender.repository) { $0.adds = pack.objects }
    let known = lender.repository.log.files
    #expect(
      try remote.commit(record.bytes, as: record.id.digest, knowing: [])
        == .newer(Array(known))
    )
    // Its objects are not there.
    #expect(throws: StorageError.self) {
      try remote.commit(record.bytes, as: record.id.digest, knowing: known)
    }
    #expect(Set(try lender.store.names(of: .record)) == known)
    try remote.put(pack.bytes, as: pack.name)
    // Knowing more than the store holds is no hindrance.
    let more = known.union([random.digest()])
    #expect(try remote.commit(record.bytes, as: record.id.digest, knowing: more) == .done)
    #expect(try lender.store.read(BlobName(.record, record.id.digest)) == record.bytes)
    #expect(try faults(of: lender.repository) == [])
  }

  @Test func `a forged record, or one of a stranger, does not join the log`() throws {
    let remote = try lender.remote()
    let known = lender.repository.log.files
    let true_ = try family.record(.tags, in: lender.repository)
    var bytes = true_.bytes
    bytes[bytes.count - 1] ^= 1
    let stranger = try family.record(
      .tags,
      in: lender.repository,
      by: SigningKey(seed: SecretBytes(random: 32))
    )
    for forged in [bytes, stranger.bytes, Array(true_.bytes.dropLast()), [], [0x80]] {
      #expect(throws: StorageError.self) {
        try remote.commit(forged, as: PlainHash.of(forged), knowing: known)
      }
    }
    #expect(throws: StorageError.self) {
      try remote.commit(true_.bytes, as: stranger.id.digest, knowing: known)
    }
    // Records come by a commit, or under the lock.
    #expect(throws: StorageError.self) {
      try remote.put(true_.bytes, as: BlobName(.record, true_.id.digest))
    }
    #expect(Set(try lender.store.names(of: .record)) == known)
    try remote.withCommitLock { () throws(StorageError) in
      try remote.put(true_.bytes, as: BlobName(.record, true_.id.digest))
    }
    #expect(try lender.store.names(of: .record).count == known.count + 1)
  }

  @Test func `of commits that race from several machines, one lands a round`() throws {
    let known = lender.repository.log.files
    let records = try (0..<4).map { _ in try family.record(.tags, in: lender.repository) }
    let remotes = try records.map { _ in try lender.remote() }
    let landed = Mutex(0)
    let threads = try zip(remotes, records).map { remote, record in
      try WorkerThread.start {
        do throws(StorageError) {
          let answer = try remote.commit(record.bytes, as: record.id.digest, knowing: known)
          if answer == .done { landed.withLock { $0 += 1 } }
        } catch {
          landed.withLock { $0 += 100 }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(landed.withLock { $0 } == 1)
  }

  // MARK: Lock

  @Test func `the lock keeps others out until it is let go`() throws {
    let (one, two) = (try lender.remote(), try lender.remote())
    let order = Mutex<[Int]>([])
    let isHeld = Monitor(false)
    let other = try WorkerThread.start {
      isHeld.wait { $0 }
      do throws(StorageError) {
        try two.withCommitLock { () throws(StorageError) in order.withLock { $0.append(2) } }
      } catch {
        order.withLock { $0.append(-1) }
      }
    }
    try one.withCommitLock { () throws(StorageError) in
      isHeld.update { $0 = true }
      _ = try one.names(of: .pack)
      _ = isHeld.wait(upToMilliseconds: 100) { !$0 }
      order.withLock { $0.append(1) }
    }
    other.join()
    #expect(order.withLock { $0 } == [1, 2])
  }

  @Test func `with a line that breaks the lock is gone`() throws {
    let (near, far) = MemoryStream.pair()
    let session = try lender.serve(far, lender.serving())
    let one = try RemoteStore(over: near, connection)
    #expect(throws: StorageError.self) {
      try one.withCommitLock { () throws(StorageError) in
        near.close()
        _ = try one.names(of: .pack)
      }
    }
    _ = session.end()
    #expect(one.obstacle?.isDisconnection == true)
    let two = try lender.remote()
    #expect(
      try two.withCommitLock { () throws(StorageError) in try two.names(of: .pack) }.count == 1
    )
  }

  @Test func `a machine that holds the lock and falls silent loses it`() throws {
    let (one, pack) = (try lender.remote(.full) { $0.lockLeaseSeconds = 0 }, try packName())
    let two = try lender.remote()
    #expect(throws: StorageError.self) {
      try one.withCommitLock { () throws(StorageError) in
        _ = Monitor(()).wait(upToMilliseconds: 400) { false }
        try one.remove(pack)
      }
    }
    try two.withCommitLock { () throws(StorageError) in }
    #expect(try lender.store.names(of: .pack).count == 1)
  }

  // MARK: Making a repository

  @Test func `a repository is made where there is none, if the role makes any`() throws {
    let family = try Family()
    let lender = try Lender(family)
    let store = lender.store
    let slot: [UInt8] = [1, 2]
    for role in Role.allCases {
      let (near, far) = MemoryStream.pair()
      _ = try Session(
        over: far,
        .failure(.noRepository(path: "/x")),
        lender.serving(role) {
          $0.creation = { configuration, blobs throws(StorageError) in
            for (name, bytes) in blobs { try store.put(bytes, as: name) }
            return store
          }
        }
      )
      func create(_ configuration: [UInt8], _ name: Digest) throws -> RemoteStore {
        try RemoteStore(
          creatingOver: near,
          connection,
          configuration: configuration,
          blobs: [(BlobName(.keyringEntry, name), slot)]
        )
      }
      guard role == .full else {
        #expect(throws: StorageError.denied(location: "there", what: "to make a repository")) {
          try create(family.configuration, PlainHash.of(slot))
        }
        continue
      }
      let remote = try create(family.configuration, PlainHash.of(slot))
      #expect(try remote.names(of: .keyringEntry) == [PlainHash.of(slot)])
    }
  }

  @Test func `a repository that is there, a false one and a missing one are named`() throws {
    let there = #expect(throws: StorageError.self) {
      let (near, far) = MemoryStream.pair()
      _ = try lender.serve(far, lender.serving())
      _ = try RemoteStore(
        creatingOver: near,
        connection,
        configuration: family.configuration,
        blobs: []
      )
    }
    #expect(there == .alreadyThere(path: "there"))
    for error in [StorageError.noRepository(path: "/x"), .interruptedInit(path: "/x")] {
      let (near, far) = MemoryStream.pair()
      _ = try Session(over: far, .failure(error), lender.serving())
      let found = #expect(throws: StorageError.self) { try RemoteStore(over: near, connection) }
      #expect(found == .noRepository(path: "there") || found == .interruptedInit(path: "there"))
    }
  }
}
