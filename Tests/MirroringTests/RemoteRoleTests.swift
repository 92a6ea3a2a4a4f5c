import CoreTypes
import Packing
import Repositories
import Sealing
import Storage
import TestSupport
import Testing

@testable import Mirroring

/// What each role of `kist serve` lets a machine do with a store.
@Suite("Roles of remote stores")
struct RemoteRoleTests {
  private let family: Family
  private let lender: Lender

  init() throws {
    family = try Family()
    lender = try Lender(family)
    var random = SplitMix64(seed: 13)
    try family.snapshot(lender.repository, sizes: [9000, 200, 70_000], random: &random)
  }

  private func isDenied(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return false
    } catch StorageError.denied {
      return true
    }
  }

  @Test(arguments: Role.allCases)
  func `a role allows what its table says, and nothing else`(role: Role) throws {
    var random = SplitMix64(seed: 14)
    let remote = try lender.remote(role)
    let pack = try family.packBytes([400], random: &random)
    let there = BlobName(.pack, try #require(try lender.store.names(of: .pack).first))
    let slot = BlobName(.slot, PlainHash.of([7]))
    try lender.store.put([7], as: slot)

    // Everyone learns names and sizes, and reads the small files.
    for kind in BlobKind.allCases { _ = try remote.names(of: kind) }
    _ = try remote.byteCount(of: there)
    #expect(try remote.read(slot) == [7])
    #expect(try isDenied { _ = try remote.read(there) } == (role == .append))
    #expect(try isDenied { try remote.put(pack.bytes, as: pack.name) } == (role == .read))
    #expect(
      try isDenied { try remote.put([1], as: BlobName(.keyringEntry, PlainHash.of([1]))) }
        == (role == .read || role == .append)
    )
    #expect(
      try isDenied { try remote.withCommitLock { () throws(StorageError) in } }
        == (role == .read || role == .append)
    )
    #expect(try isDenied { try remote.remove(slot) } == (role != .full))
    let record = try family.record(.tags, in: lender.repository)
    let known = lender.repository.log.files
    #expect(
      try isDenied { _ = try remote.commit(record.bytes, as: record.id.digest, knowing: known) }
        == (role == .read)
    )
    try lender.repository.refresh()
    let removal = try family.record(.removal, in: lender.repository) {
      $0.subjects = [record.id]
    }
    #expect(
      try isDenied {
        _ = try remote.commit(
          removal.bytes,
          as: removal.id.digest,
          knowing: lender.repository.log.files
        )
      } == (role == .read || role == .append)
    )
    #expect(try lender.store.names(of: .pack).contains(there.digest))
    #expect(try faults(of: lender.repository).filter { !$0.contains("slot") } == [])
  }

  @Test func `append reads heads and trailers, and no byte of any content`() throws {
    let remote = try lender.remote(.append)
    let name = BlobName(.pack, try #require(try lender.store.names(of: .pack).first))
    let bytes = try lender.store.read(name)
    let trailer = try PackReader(store: lender.store).trailer(of: PackID(name.digest))
    // A writer knows by this which chunks are there.
    #expect(try PackReader(store: remote).trailer(of: PackID(name.digest)) == trailer)
    #expect(
      try PackReader(store: remote).heads(of: PackID(name.digest), trailer: trailer)
        == PackReader(store: lender.store).heads(of: PackID(name.digest), trailer: trailer)
    )
    // A line without what was kept: ranges are refused by the server, not here.
    let fresh = try lender.remote(.append)
    #expect(try fresh.read(name, from: 0, count: 16) == Array(bytes[..<16]))
    #expect(
      try fresh.read(name, from: trailer.headsOffset, count: 9)
        == Array(bytes[trailer.headsOffset...].prefix(9))
    )
    let starts = [0, 1, 15, 16, 17, 104, trailer.headsOffset - 1]
    for start in starts {
      for count in [1, 17, bytes.count - start] where start + count > 16 {
        #expect(
          try isDenied { _ = try fresh.read(name, from: start, count: count) },
          "\(start) \(count)"
        )
      }
    }
    #expect(fresh.obstacle != nil)
    for place in trailer.places {
      #expect(throws: PackingError.self) {
        try PackReader(store: fresh).body(of: place, in: PackID(name.digest))
      }
    }
  }

  @Test func `append cannot put anything in the place of what is there`() throws {
    let remote = try lender.remote(.append)
    let name = BlobName(.pack, try #require(try lender.store.names(of: .pack).first))
    let bytes = try lender.store.read(name)
    var other = bytes
    other[200] ^= 1
    #expect(throws: StorageError.self) { try remote.put(other, as: name) }
    #expect(throws: StorageError.self) { try remote.put(bytes + [0], as: name) }
    #expect(try lender.store.read(name) == bytes)
    #expect(throws: StorageError.denied(location: "there", what: "to remove anything")) {
      try remote.remove(name)
    }
  }

  @Test func `a quota holds packs back, those of other sessions counted`() throws {
    var random = SplitMix64(seed: 15)
    let pack = try family.packBytes([20_000], random: &random)
    let used = try lender.store.names(of: .pack).reduce(0) {
      try $0 + lender.store.byteCount(of: BlobName(.pack, $1))
    }
    let tight = try lender.remote(.append) { $0.quota = used + pack.bytes.count - 1 }
    #expect(throws: StorageError.self) { try tight.put(pack.bytes, as: pack.name) }
    #expect(try !lender.store.names(of: .pack).contains(pack.name.digest))
    let wide = try lender.remote(.append) { $0.quota = used + pack.bytes.count }
    try wide.put(pack.bytes, as: pack.name)
    #expect(try lender.store.names(of: .pack).contains(pack.name.digest))
  }
}
