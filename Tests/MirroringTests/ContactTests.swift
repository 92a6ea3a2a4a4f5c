import CoreTypes
import Mirroring
import Repositories
import Storage
import Testing
import Threading

/// What a run tells of the other end.
@Suite("Contacts")
struct ContactTests {
  private let family: Family

  init() throws { family = try Family() }

  /// Runs and returns what this end learned.
  private func contact(
    _ here: KeylessRepository,
    _ there: KeylessRepository,
    wishes: [String],
    role: Role = .full,
    verification: Verification? = nil
  ) throws -> MirrorContact? {
    let (near, far) = MemoryStream.pair()
    var other = PeerOptions(program: "test serve")
    other.role = role
    other.verification = verification
    other.stallSeconds = 20
    let settled = other
    let thread = try WorkerThread.start { _ = run(there, over: far, settled) }
    defer { thread.join() }
    var options = PeerOptions(program: "test")
    options.wishes = wishes
    options.stallSeconds = 20
    let peer = try MirrorPeer(
      stream: near,
      repository: here,
      options: options,
      progress: MirrorProgress(),
      interruption: { false }
    )
    do {
      _ = try peer.run()
    } catch {
      // The contact tells of the failure too.
      near.close()
    }
    return peer.contact
  }

  @Test func `a dry push learns what the mirror has, and how far it is behind`() throws {
    var random = SplitMix64(seed: 1)
    let (source, mirrored) = (try family.empty(), try family.empty())
    try family.snapshot(source, sizes: [100, 200], random: &random)
    _ = try mirror(source, mirrored, wishes: [Hello.Wish.push]).here.get()
    let before = source.log.frontier
    let new = try family.snapshot(source, sizes: [1000, 2000], random: &random)
    try family.snapshot(source, sizes: [3000], random: &random)
    let dry = [Hello.Wish.push, Hello.Wish.dryRun]
    let found = try #require(try contact(source, mirrored, wishes: dry))
    #expect(found.frontier == before && found.extraRecordCount == 0)
    #expect(found.mark == MirrorMemory.mark(of: mirrored.store.id))
    let lag = try source.lag(behind: before)
    #expect(lag.snapshots == 2 && lag.records == 2 && lag.objects == new.count + 1)
    #expect(lag.bytes > 6000)
    let pushed = try #require(try contact(source, mirrored, wishes: [Hello.Wish.push]))
    #expect(pushed.frontier == source.log.frontier)
    #expect(try source.lag(behind: pushed.frontier ?? []) == MirrorLag())
    #expect(try source.lag(behind: []).snapshots == 3)
  }

  @Test func `records that only the mirror has are counted until they are fetched`() throws {
    var random = SplitMix64(seed: 2)
    let (here, there) = (try family.empty(), try family.empty())
    try family.snapshot(here, sizes: [100], random: &random)
    _ = try mirror(here, there, wishes: [Hello.Wish.push]).here.get()
    try family.snapshot(here, sizes: [10], random: &random)
    for _ in 0..<3 { try family.snapshot(there, sizes: [20], random: &random) }
    let pushed = try #require(try contact(here, there, wishes: [Hello.Wish.push]))
    #expect(pushed.extraRecordCount == 3 && pushed.frontier == here.log.frontier)
    let both = [Hello.Wish.push, Hello.Wish.pull]
    let synced = try #require(try contact(here, there, wishes: both))
    #expect(synced.extraRecordCount == 0 && synced.frontier == here.log.frontier)
    #expect(here.log.records.count == 5)
  }

  @Test func `a pull learns what the giver has only if that is the same`() throws {
    var random = SplitMix64(seed: 3)
    let (here, there) = (try family.empty(), try family.empty())
    try family.snapshot(there, sizes: [100], random: &random)
    let same = try #require(try contact(here, there, wishes: [Hello.Wish.pull]))
    #expect(same.frontier == here.log.frontier && same.extraRecordCount == 0)
    try family.snapshot(here, sizes: [10], random: &random)
    let other = try #require(try contact(here, there, wishes: [Hello.Wish.pull]))
    #expect(other.frontier == nil)
  }

  @Test func `a look asks for nothing, whatever the role, and hears of the last check`() throws {
    var random = SplitMix64(seed: 4)
    let (here, there) = (try family.empty(), try family.empty())
    try family.snapshot(here, sizes: [100], random: &random)
    _ = try mirror(here, there, wishes: [Hello.Wish.push]).here.get()
    let proven = Verification(time: 1234, extent: .everything)
    for role in Role.allCases {
      let found = try #require(
        try contact(here, there, wishes: [Hello.Wish.dryRun], role: role, verification: proven)
      )
      #expect(found.frontier == here.log.frontier, "\(role)")
      #expect(found.verification == proven, "\(role)")
    }
    let denied = try #require(
      try contact(here, there, wishes: [Hello.Wish.push], role: .read, verification: proven)
    )
    #expect(denied.frontier == nil && denied.verification == proven)
  }

  @Test func `another repository is no contact`() throws {
    let (here, stranger) = (try family.empty(), try Family().empty())
    #expect(try contact(here, stranger, wishes: [Hello.Wish.push]) == nil)
  }
}
