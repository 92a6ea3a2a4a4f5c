import TestSupport
import CoreTypes
import Indexing
import Mirroring
import Repositories
import Sealing
import Sodium
import Storage
import Synchronization
import Testing
import Threading

/// What a peer of ill will tries, and what comes of it.
@Suite("Hostile peers")
struct HostileTests {
  private let family: Family
  private let source: KeylessRepository
  private let victim: KeylessRepository
  private let objects: [ObjectID]

  init() throws {
    family = try Family()
    var random = SplitMix64(seed: 77)
    source = try family.empty()
    victim = try family.empty()
    objects = try family.snapshot(source, sizes: [3000, 4000], random: &random)
  }

  /// Lets the victim pull from a hostile peer; returns how the victim ended.
  private func pull(_ prepare: (HostilePeer) throws -> Void) throws -> Ending {
    let (near, far) = MemoryStream.pair()
    let ending = Mutex<Ending>(.failure(.closed))
    let victim = victim
    let box = EndingOf()
    let thread = try WorkerThread.start {
      var options = PeerOptions(program: "victim")
      options.wishes = [Hello.Wish.pull]
      options.stallSeconds = 10
      box.put(run(victim, over: near, options))
    }
    let peer = HostilePeer(far, repository: family.id)
    try peer.offer(source)
    try prepare(peer)
    peer.run()
    thread.join()
    ending.withLock { $0 = box.ending }
    return ending.withLock { $0 }
  }

  private final class EndingOf: Sendable {
    private let state = Mutex<Ending>(.failure(.closed))
    var ending: Ending { state.withLock { $0 } }
    func put(_ ending: Ending) { state.withLock { $0 = ending } }
  }

  /// The records for which a run was refused.
  private func refused(_ ending: Ending) -> [RecordID] {
    guard case .failure(.refusedRecords(let findings)) = ending else { return [] }
    return findings.compactMap { finding in
      switch finding {
      case .refused(let id, _), .missingParent(let id, _): id
      case .damagedFile, .fork, .unreadable: nil
      }
    }
  }

  /// The objects for which a run was refused.
  private func incomplete(_ ending: Ending) -> [ObjectID] {
    if case .failure(.incomplete(let objects)) = ending { return objects }
    return []
  }

  private func expectNothingStored(_ location: SourceLocation = #_sourceLocation) throws {
    #expect(try victim.store.names(of: .record).isEmpty, sourceLocation: location)
    #expect(try faults(of: victim) == [], sourceLocation: location)
  }

  @Test func `an honest giver of this kind is believed`() throws {
    let summary = try pull { _ in }.get()
    #expect(summary.received.objects == 2 && summary.received.records == 1)
    #expect(try faults(of: victim) == [])
  }

  @Test func `an object whose body was changed is named and not stored`() throws {
    let ending = try pull { peer in
      peer.objects[objects[0].digest]?.body[100] ^= 1
    }
    #expect(incomplete(ending) == [objects[0]])
    #expect(try victim.index.objectIDs() == [objects[1]])
    try expectNothingStored()
  }

  @Test func `an object under another object's name is not stored`() throws {
    let ending = try pull { peer in
      peer.objects[objects[0].digest] = peer.objects[objects[1].digest]
    }
    #expect(incomplete(ending) == [objects[0]])
    try expectNothingStored()
  }

  @Test func `a record that its writer did not sign is refused by name`() throws {
    let stranger = SigningKey(seed: SecretBytes(random: 32))
    let forged = try family.record(.snapshot, in: source, by: stranger)
    let ending = try pull { $0.items[.record, default: [:]][forged.id.digest] = forged.bytes }
    #expect(refused(ending) == [forged.id])
    try expectNothingStored()
  }

  @Test func `a record whose signature was changed is refused by name`() throws {
    var bytes = try family.record(.snapshot, in: source).bytes
    bytes[bytes.count - 1] ^= 1
    let name = PlainHash.of(bytes)
    let ending = try pull { $0.items[.record, default: [:]][name] = bytes }
    #expect(refused(ending) == [RecordID(name)])
    try expectNothingStored()
  }

  @Test func `a record that turns its writer's order round is refused by name`() throws {
    let late = try family.record(.tags, in: source, sequence: 0)
    let ending = try pull { $0.items[.record, default: [:]][late.id.digest] = late.bytes }
    #expect(refused(ending) == [late.id])
    try expectNothingStored()
  }

  @Test func `a record without its parent is refused by name`() throws {
    let lonely = try family.record(.tags, in: source) {
      $0.parents = [RecordID(Digest(words: 1, 2, 3, 4))]
    }
    let ending = try pull { $0.items[.record, default: [:]][lonely.id.digest] = lonely.bytes }
    #expect(refused(ending) == [lonely.id])
    try expectNothingStored()
  }

  @Test func `a file that does not hash to its name ends the run`() throws {
    let ending = try pull { peer in
      guard let name = peer.items[.record]?.keys.first else { return }
      peer.items[.record]?[name] = [1, 2, 3]
    }
    guard case .failure(.wrongHash) = ending else {
      Issue.record("\(ending)")
      return
    }
    try expectNothingStored()
  }

  @Test func `a frame of more than a mebibyte ends the run before it is read`() throws {
    let ending = try pull { $0.after = [[0xFF, 0xFF, 0xFF, 0x7F, 6, 0, 0, 0]] }
    guard case .failure(.frameTooLong(6, 0x7FFF_FFFF)) = ending else {
      Issue.record("\(ending)")
      return
    }
    try expectNothingStored()
  }

  @Test func `a message of unknown type ends the run, one that may be ignored does not`() throws {
    let known = try pull { $0.after = [Frame(type: 200, payload: [1, 2, 3]).bytes] }
    #expect(try known.get().received.objects == 2)
    let unknown = try pull { $0.after = [Frame(type: 90, payload: []).bytes] }
    guard case .failure(.unknownMessage(90)) = unknown else {
      Issue.record("\(unknown)")
      return
    }
  }

  @Test func `an object that nobody asked for ends the run`() throws {
    let start = ItemStart(
      kind: .object,
      name: Digest(words: 9, 9, 9, 9),
      headByteCount: 200,
      bodyByteCount: 10
    )
    let ending = try pull { $0.instead = (.object, [Message.item(start, [1]).frame.bytes]) }
    guard case .failure(.malformed) = ending else {
      Issue.record("\(ending)")
      return
    }
    try expectNothingStored()
  }

  @Test func `an object that claims gigabytes ends the run before anything is kept for it`() throws
  {
    let start = ItemStart(
      kind: .object,
      name: objects[0].digest,
      headByteCount: 200,
      bodyByteCount: 0xFFFF_FFFF
    )
    let ending = try pull { $0.instead = (.object, [Message.item(start, [1]).frame.bytes]) }
    guard case .failure(.malformed) = ending else {
      Issue.record("\(ending)")
      return
    }
  }

  @Test func `a peer that speaks something else is shown by its words`() throws {
    let (near, far) = MemoryStream.pair()
    try far.write(Array("Last login: yesterday\r\n".utf8))
    far.close()
    guard case .failure(.noise(let noise)) = run(victim, over: near, PeerOptions(program: "victim"))
    else {
      Issue.record("not noise")
      return
    }
    #expect(noise == Array("Last login: yesterday\r\n".utf8))
  }

  @Test func `a shell's greeting before the preamble is passed over`() throws {
    let (near, far) = MemoryStream.pair()
    let noisy = NoisyStream(far, noise: Array("Welcome, KIST-MIRROR user!\r\n".utf8))
    let ends = try mirror(victim, source, wishes: [Hello.Wish.pull], streams: (near, noisy))
    #expect(try ends.here.get().received.objects == 2)
  }

  @Test func `a stalled peer is given up`() throws {
    let (near, far) = MemoryStream.pair()
    var options = PeerOptions(program: "victim")
    options.stallSeconds = 1
    guard case .failure(.stalled(1)) = run(victim, over: near, options) else {
      Issue.record("not stalled")
      return
    }
    far.close()
  }

  // MARK: Roles

  @Test func `the role append takes no record that removes`() throws {
    _ = try mirror(source, victim, wishes: [Hello.Wish.push], role: .append).here.get()
    let snapshot = source.log.frontier
    let removal = try family.commit(.removal, to: source) { $0.subjects = snapshot }
    let ends = try mirror(source, victim, wishes: [Hello.Wish.push], role: .append)
    guard case .failure(.deletionRefused(removal.id)) = ends.there else {
      Issue.record("\(ends.there)")
      return
    }
    #expect(victim.log.frontier == snapshot)
    _ = try mirror(source, victim, wishes: [Hello.Wish.push], role: .mirror).here.get()
    #expect(victim.log.frontier == [removal.id])
  }

  @Test func `the role append gives nothing, the role read takes nothing`() throws {
    let pull = try mirror(victim, source, wishes: [Hello.Wish.pull], role: .append)
    guard case .failure(.denied) = pull.here else {
      Issue.record("\(pull.here)")
      return
    }
    let push = try mirror(source, victim, wishes: [Hello.Wish.push], role: .read)
    guard case .failure(.denied) = push.here else {
      Issue.record("\(push.here)")
      return
    }
    try expectNothingStored()
  }

  @Test func `a quota is kept before anything travels`() throws {
    let ends = try mirror(source, victim, wishes: [Hello.Wish.push]) { _ in
    } there: {
      $0.quota = 1000
    }
    guard case .failure(.quota(1000, _)) = ends.there else {
      Issue.record("\(ends.there)")
      return
    }
    #expect(try victim.store.names(of: .pack).isEmpty)
    try expectNothingStored()
  }

  @Test func `another repository and the same store are told apart`() throws {
    let stranger = try Family().empty()
    let other = try mirror(source, stranger, wishes: [Hello.Wish.push])
    guard case .failure(.otherRepository) = other.here else {
      Issue.record("\(other.here)")
      return
    }
    let same = try mirror(source, source, wishes: [Hello.Wish.push])
    guard case .failure(.sameStore) = same.here else {
      Issue.record("\(same.here)")
      return
    }
  }

  @Test func `what a revoked writer signed is left out and named`() throws {
    let key = try family.enrol(in: source)
    _ = try mirror(source, victim, wishes: [Hello.Wish.push]).here.get()
    try family.commit(.revocation, to: victim) { $0.enrolled = Digest(key.publicKey) }
    let late = try family.commit(.tags, to: source, by: key)
    let ends = try mirror(source, victim, wishes: [Hello.Wish.push])
    let summary = try ends.there.get()
    #expect(summary.remarks == [.refused(late.id, reason: "its writer was revoked")])
    #expect(victim.log.records[late.id] == nil)
  }
}

/// Puts something before what is written first.
final class NoisyStream: DuplexStream {
  private let stream: any DuplexStream
  private let noise: Mutex<[UInt8]>

  init(_ stream: any DuplexStream, noise: [UInt8]) {
    self.stream = stream
    self.noise = Mutex(noise)
  }

  func read() throws(MirrorError) -> [UInt8] { try stream.read() }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    try stream.write(
      noise.withLock { noise in
        defer { noise = [] }
        return noise
      } + bytes
    )
  }

  func close() { stream.close() }
}
