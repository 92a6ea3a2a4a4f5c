import TestSupport
import Backups
import CoreTypes
import Foundation
import Repositories
import Sealing
import Storage
import Synchronization
import Testing

/// Hands through another store's files, one of them with one bit flipped.
final class FlippingStore: OverlaidStore {
  let base: any BlobStore
  private let listed = Mutex<[BlobKind: [Digest]]>([:])
  private let flipped = Mutex<(name: BlobName, bit: Int)?>(nil)

  init(_ store: any BlobStore) { base = store }

  func flip(_ bit: Int, of name: BlobName) { flipped.withLock { $0 = (name, bit) } }
  func heal() { flipped.withLock { $0 = nil } }

  func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    // Listed once: nothing is added while bits are flipped, and there are thousands of checks.
    if let known = listed.withLock({ $0[kind] }) { return known }
    let names = try base.names(of: kind)
    listed.withLock { $0[kind] = names }
    return names
  }

  func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    try read(name, from: 0, count: try base.byteCount(of: name))
  }

  func read(_ name: BlobName, from offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    var bytes = try base.read(name, from: offset, count: count)
    if let (flippedName, bit) = flipped.withLock({ $0 }), flippedName == name {
      let place = bit / 8 - offset
      if bytes.indices.contains(place) { bytes[place] ^= 1 << UInt8(bit % 8) }
    }
    return bytes
  }

  func strangers() throws(StorageError) -> [String] { [] }
}

@Suite("Flipped bits") struct BitFlipTests {
  /// One bit of each byte; all of them with KIST_TEST_ALL_BITS=1.
  @Test func `check notices every flipped bit of packs, slots, keyring and records`() throws {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    var random = SplitMix64(seed: 3)
    try workshop.write(random.bytes(1500), to: "source/a")
    try workshop.write(random.bytes(60), to: "source/b")
    try client.backup(try client.open(), [workshop.path + "/source"])

    let other = Client(workshop: workshop, name: "b")
    let store = FlippingStore(try DirectoryStore(path: workshop.path + "/repository"))
    let repository = try UnlockedRepository(store: store, secret: Client.secret)
      .open(folders: other.folders)
    #expect(try other.check(repository).findings.isEmpty)

    let allBits = ProcessInfo.processInfo.environment["KIST_TEST_ALL_BITS"] != nil
    var flips = 0
    for kind in [BlobKind.pack, .slot, .keyringEntry, .record] {
      for digest in try store.names(of: kind) {
        let name = BlobName(kind, digest)
        for byte in 0..<(try store.byteCount(of: name)) {
          for bit in allBits ? Array(0..<8) : [(byte &* 5) % 8] {
            store.flip(8 * byte + bit, of: name)
            if kind == .record { try repository.reload() }
            let report = try other.check(repository)
            try #require(!report.findings.isEmpty, "bit \(bit) of byte \(byte) of \(name)")
            flips += 1
          }
        }
        store.heal()
        if kind == .record { try repository.reload() }
      }
    }
    #expect(try other.check(repository).findings.isEmpty)
    #expect(flips > 9_000)
    Cases.tell(.flips, flips, "bits of a repository, noticed by check")
  }
}
