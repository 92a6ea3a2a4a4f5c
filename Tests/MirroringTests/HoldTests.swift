import CoreTypes
import Sealing
import Storage
import TestSupport
import Testing

@testable import Mirroring

/// What a machine keeps for a time, whatever a client asks.
@Suite("Held files")
struct HoldTests {
  private let name = BlobName(.slot, PlainHash.of([7]))

  private func hold(days: Int64, at now: PointInTime) -> HoldTime {
    HoldTime(seconds: days * 86_400) { now }
  }

  @Test func `a file stays from its arrival until the days are over, and not longer`() throws {
    let family = try Family()
    let folder = try TemporaryFolder()
    let path = folder.path + "/store"
    try StoreLayout.create(at: path, configuration: family.configuration, blobs: [])
    let store = try DirectoryStore(path: path)
    try store.put([7], as: name)
    let arrival = try #require(try store.arrival(of: name))
    func end(after seconds: Int64) throws -> PointInTime? {
      let now = PointInTime(
        seconds: arrival.seconds + seconds,
        nanoseconds: arrival.nanoseconds
      )
      return try hold(days: 2, at: now).end(for: name, in: store)
    }
    let over = PointInTime(
      seconds: arrival.seconds + 172_800,
      nanoseconds: arrival.nanoseconds
    )
    #expect(try end(after: 0) == over)
    #expect(try end(after: 172_799) == over)
    #expect(try end(after: 172_800) == nil)
    // A clock that went backwards keeps.
    #expect(try end(after: -1_000_000_000) == over)
    #expect(try hold(days: 0, at: arrival).end(for: name, in: store) == nil)
    #expect(
      try HoldTime(seconds: .max) { arrival }.end(for: name, in: store)
        == PointInTime(seconds: .max, nanoseconds: arrival.nanoseconds)
    )
    #expect(throws: StorageError.missing(BlobName(.slot, PlainHash.of([8])))) {
      try hold(days: 2, at: arrival).end(for: BlobName(.slot, PlainHash.of([8])), in: store)
    }
  }

  @Test func `the other end is told until when, and nothing goes before`() throws {
    let family = try Family()
    let lender = try Lender(family)
    var random = SplitMix64(seed: 41)
    try family.snapshot(lender.repository, sizes: [9000, 200], random: &random)
    try lender.store.put([7], as: name)
    let names = try BlobKind.allCases.map { Set(try lender.store.names(of: $0)) }
    // A store that cannot tell when a file came keeps it.
    let now = PointInTime(seconds: 1_700_000_000)
    let remote = try lender.remote { $0.hold = hold(days: 30, at: now) }
    let pack = BlobName(.pack, try #require(try lender.store.names(of: .pack).first))
    let held = StorageError.held(
      location: "there",
      until: PointInTime(seconds: 1_700_000_000 + 30 * 86_400)
    )
    #expect(throws: held) { try remote.remove(name) }
    _ = try remote.withCommitLock { () throws(StorageError) in
      #expect(throws: held) { try remote.remove(pack) }
    }
    #expect(try BlobKind.allCases.map { Set(try lender.store.names(of: $0)) } == names)
    try lender.remote { $0.hold = hold(days: 0, at: now) }.remove(name)
    #expect(try !lender.store.names(of: .slot).contains(name.digest))
  }
}
