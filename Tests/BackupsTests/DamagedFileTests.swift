import TestSupport
import Backups
import CoreTypes
import Foundation
import Repositories
import Sealing
import Storage
import Testing

/// What opens a repository refuses every flipped bit; a restore gives right bytes or none.
@Suite("Damaged files", .serialized) struct DamagedFileTests {
  private let seed = UInt64.random(in: 1...(1 << 32))

  @Test func `no flipped bit of a slot lets it open`() throws {
    let secret = SlotSecret.recoveryKey(RecoveryKey().secret)
    let repository = RepositoryID(Digest(words: 1, 2, 3, 4))
    let slot = try KeySlot(
      wrapping: CapabilityBundle(),
      secret: secret,
      repository: repository,
      note: KeySlot.Note(label: "somebody", made: PointInTime(seconds: 7))
    ).encoded
    _ = try KeySlot(decoding: slot).open(with: secret, repository: repository)
    for (byte, bit) in bits(of: slot) {
      #expect(throws: SealingError.self, "bit \(bit) of byte \(byte)") {
        let flipped = try KeySlot(decoding: flipped(slot, byte, bit))
        let bundle = try flipped.open(with: secret, repository: repository)
        // The note is not needed to open; it has a proof of its own.
        _ = try flipped.note(with: bundle, repository: repository)
      }
    }
    Cases.tell(.flips, 8 * slot.count, "bits of a slot that is opened")
  }

  @Test func `no flipped bit of a keyring entry lets it open`() throws {
    let repository = RepositoryID(Digest(words: 1, 2, 3, 4))
    let sealer = KeyringSealer(
      repository: repository,
      keyringKey: CapabilityBundle().keyringKey
    )
    for entry in [
      try sealer.newDataKey(made: PointInTime(seconds: 7)),
      try sealer.newIdentityKey(made: PointInTime(seconds: 7)),
    ] {
      _ = try sealer.open(entry)
      for (byte, bit) in bits(of: entry) {
        #expect(throws: SealingError.self, "bit \(bit) of byte \(byte)") {
          try sealer.open(flipped(entry, byte, bit))
        }
      }
    }
  }

  @Test func `no flipped bit of the configuration is accepted`() throws {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    let file = try DirectoryStore(path: workshop.path + "/repository").readConfiguration()
    _ = try Configuration(decoding: file)
    for (byte, bit) in bits(of: file) {
      #expect(throws: RepositoryError.self, "bit \(bit) of byte \(byte)") {
        try Configuration(decoding: flipped(file, byte, bit))
      }
    }
  }

  @Test func `no flipped bit of a store's id is accepted`() throws {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    let url = URL(fileURLWithPath: workshop.path + "/repository/store")
    let file = [UInt8](try Data(contentsOf: url))
    for (byte, bit) in bits(of: file) {
      try workshop.write(flipped(file, byte, bit), to: "repository/store")
      #expect(throws: StorageError.self, "bit \(bit) of byte \(byte)") {
        try DirectoryStore(path: workshop.path + "/repository")
      }
    }
  }

  @Test func `every flipped bit of a record is noticed`() throws {
    let (client, store) = try backedUp()
    let repository = try client.unlock()
    for digest in try store.names(of: .record) {
      let name = BlobName(.record, digest)
      for bit in 0..<(8 * (try store.byteCount(of: name))) {
        store.flip(bit, of: name)
        let log = try RecordLog(store: store, configuration: repository.configuration)
        #expect(!log.findings.isEmpty, "bit \(bit) of \(name)")
      }
      Cases.tell(.flips, 8 * (try store.byteCount(of: name)), "bits of a record in a log")
    }
  }

  @Test func `a flipped bit of a manifest is noticed`() throws {
    let (client, store) = try backedUp()
    var random = SplitMix64(seed: seed)
    // Only a record of many objects has a manifest; nothing refers to this one.
    let manifest = Array("KISTMANI".utf8) + [1, 0, 0, 0] + random.bytes(32)
    let name = BlobName(.manifest, PlainHash.of(manifest))
    try store.put(manifest, as: name)
    let repository = try UnlockedRepository(store: store, secret: Client.secret)
      .open(folders: client.folders)
    #expect(try client.check(repository).findings.isEmpty)
    for byte in manifest.indices {
      let bit = 8 * byte + Int(random.next() % 8)
      store.flip(bit, of: name)
      let isNamed = try client.check(repository).findings.contains { finding in
        if case .damagedFile(name, _) = finding { true } else { false }
      }
      #expect(isNamed, "seed \(seed): bit \(bit)")
    }
  }

  @Test func `a restore from a pack with a flipped bit gives right bytes or none`() throws {
    let (client, store) = try backedUp()
    var random = SplitMix64(seed: seed)
    let original = try contents(of: client.workshop.path + "/source")
    let repository = try UnlockedRepository(store: store, secret: Client.secret)
      .open(folders: client.folders)
    var refused = 0
    for round in 0..<150 {
      let packs = try store.names(of: .pack)
      let name = BlobName(.pack, packs[Int(random.next() % UInt64(packs.count))])
      let bit = Int(random.next() % UInt64(8 * (try store.byteCount(of: name))))
      store.flip(bit, of: name)
      let target = try client.workshop.folder("out-\(round)")
      var isComplete = true
      do {
        let progress = try client.restore(repository, "latest", to: target)
        isComplete = progress.counters.errors == 0
      } catch {
        isComplete = false
      }
      if !isComplete { refused += 1 }
      let restored = try contents(of: target)
      for (path, bytes) in restored where original[path] != bytes {
        Issue.record("seed \(seed): bit \(bit) of \(name): wrong bytes in \(path)")
      }
      #expect(!isComplete || restored.count == original.count, "seed \(seed): bit \(bit)")
    }
    #expect(refused > 0, "no flip was in what a restore reads")
  }

  private func backedUp() throws -> (Client, FlippingStore) {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    var random = SplitMix64(seed: seed)
    for (name, size) in [("a", 900), ("empty", 0), ("inner/c", 2000), ("inner/d", 33)] {
      try workshop.write(random.bytes(size), to: "source/" + name)
    }
    try client.backup(try client.open(), [workshop.path + "/source"])
    return (client, FlippingStore(try DirectoryStore(path: workshop.path + "/repository")))
  }

  private func flipped(_ bytes: [UInt8], _ byte: Int, _ bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[byte] ^= 1 << UInt8(bit)
    return bytes
  }

  private func bits(of bytes: [UInt8]) -> [(Int, Int)] {
    bytes.indices.flatMap { byte in (0..<8).map { (byte, $0) } }
  }
}
