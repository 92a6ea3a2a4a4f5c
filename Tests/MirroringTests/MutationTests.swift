import CoreTypes
import Foundation
import Repositories
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Mirroring

/// Changes what one end says, a message at a time, as an end with ill will would.
final class MutatingStream: DuplexStream {
  private let stream: any DuplexStream
  private let state: Mutex<State>

  private struct State {
    var random: SplitMix64
    /// One of so many messages is changed.
    let rarity: Int
    var parser = FrameParser()
    var held: [UInt8] = []
    var isFirst = true
  }

  init(_ stream: any DuplexStream, seed: UInt64, rarity: Int) {
    self.stream = stream
    state = Mutex(State(random: SplitMix64(seed: seed), rarity: rarity))
  }

  func read() throws(MirrorError) -> [UInt8] { try stream.read() }
  func close() { stream.close() }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    let changed = try state.withLock { (state) throws(MirrorError) in try Self.change(bytes, &state)
    }
    if !changed.isEmpty { try stream.write(changed) }
  }

  private static func change(_ bytes: [UInt8], _ state: inout State) throws(MirrorError) -> [UInt8]
  {
    var output: [UInt8] = []
    state.parser.append(bytes)
    if state.isFirst {
      output += WirePreamble.bytes
      state.isFirst = false
    }
    while let frame = try state.parser.next() {
      guard Int.random(in: 0..<state.rarity, using: &state.random) == 0 else {
        output += frame.bytes + state.held
        state.held = []
        continue
      }
      output += mutated(frame, &state)
    }
    return output
  }

  private static func mutated(_ frame: Frame, _ state: inout State) -> [UInt8] {
    var payload = frame.payload
    switch Int.random(in: 0..<9, using: &state.random) {
    case 0: return frame.bytes + frame.bytes
    case 1: return []
    case 2:
      // Said behind the next one.
      state.held = frame.bytes
      return []
    case 3:
      if let place = payload.indices.randomElement(using: &state.random) {
        payload[place] ^= UInt8.random(in: 1...255, using: &state.random)
      }
    case 4: payload.removeLast(Int.random(in: 0...payload.count, using: &state.random))
    case 5: payload += state.random.bytes(Int.random(in: 1...64, using: &state.random))
    case 6:
      // A number somewhere becomes an extreme one.
      guard payload.count >= 4 else { break }
      let place = Int.random(in: 0...payload.count - 4, using: &state.random)
      let extreme: UInt8 = Bool.random(using: &state.random) ? 0xFF : 0
      for offset in place..<place + 4 { payload[offset] = extreme }
    case 7:
      return Frame(type: UInt8.random(in: 0...255, using: &state.random), payload: payload).bytes
    default:
      var bytes = frame.bytes
      bytes[Int.random(in: 0..<8, using: &state.random)] ^=
        1 << UInt8.random(in: 0...7, using: &state.random)
      return bytes
    }
    return Frame(type: frame.type, payload: payload).bytes
  }
}

/// Hands bytes on in pieces of any size, and late.
private final class LateStream: DuplexStream {
  private let stream: any DuplexStream
  private let random: Mutex<SplitMix64>

  init(_ stream: any DuplexStream, seed: UInt64) {
    self.stream = stream
    random = Mutex(SplitMix64(seed: seed))
  }

  func read() throws(MirrorError) -> [UInt8] { try stream.read() }
  func close() { stream.close() }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let (count, wait) = random.withLock { random in
        (Int.random(in: 1...5000, using: &random), UInt32.random(in: 0...400, using: &random))
      }
      try stream.write(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
      usleep(wait)
    }
  }
}

@Suite("Changed messages")
struct MutationTests {
  /// Runs for each direction and each session; `KIST_TEST_MUTATIONS=n` makes it n.
  private static let rounds =
    ProcessInfo.processInfo.environment["KIST_TEST_MUTATIONS"].flatMap { Int($0) } ?? 8
  /// `KIST_TEST_ALL_CUTS=1` cuts behind every byte.
  private static let step =
    ProcessInfo.processInfo.environment["KIST_TEST_ALL_CUTS"] == nil ? 991 : 1

  private let family: Family
  private let source: KeylessRepository

  init() throws {
    family = try Family()
    var random = SplitMix64(seed: 6)
    source = try family.empty()
    for _ in 0..<3 {
      try family.snapshot(source, sizes: [900, 20, 15_000, 40], random: &random)
    }
  }

  /// Requires that a store is as before or complete, and never anything else.
  private func expectWhole(_ store: KeylessRepository, _ what: String) throws {
    try store.refresh()
    #expect([0, 3].contains(store.log.records.count), "\(what)")
    #expect(try faults(of: store) == [], "\(what)")
    #expect(source.log.records.count == 3)
  }

  @Test func `whatever either end of a run says, nothing half or forged is stored`() throws {
    let seed = TestSeed.make(for: "changed messages")
    for round in 0..<UInt64(Self.rounds) {
      for isGiver in [true, false] {
        let victim = try family.empty()
        let (near, far) = MemoryStream.pair()
        let liar = MutatingStream(isGiver ? near : far, seed: seed &+ round, rarity: 6)
        _ = try mirror(
          source,
          victim,
          wishes: round % 2 == 0 ? [Hello.Wish.push] : [Hello.Wish.push, Hello.Wish.pull],
          streams: isGiver ? (liar, far) : (near, liar),
          here: { $0.stallSeconds = 1 },
          there: { $0.stallSeconds = 1 }
        )
        try expectWhole(victim, "seed \(seed) round \(round) giver \(isGiver)")
      }
    }
  }

  @Test func `whatever either end of a store's session says, the store stays whole`() throws {
    let seed = TestSeed.make(for: "changed questions")
    var random = SplitMix64(seed: seed)
    let pack = try family.packBytes([60, 4000], random: &random)
    for round in 0..<UInt64(Self.rounds) {
      for isClient in [true, false] {
        let lender = try Lender(family)
        let (near, far) = MemoryStream.pair()
        let (one, two): (any DuplexStream, any DuplexStream) =
          isClient
          ? (MutatingStream(near, seed: seed &+ round, rarity: 5), far)
          : (near, MutatingStream(far, seed: seed &+ round, rarity: 5))
        let session = try lender.serve(two, lender.serving { $0.stallSeconds = 1 })
        var hasty = connection
        hasty.stallSeconds = 1
        do {
          let remote = try RemoteStore(over: one, hasty)
          let log = try RecordLog(store: remote, configuration: lender.repository.configuration)
          try remote.put(pack.bytes, as: pack.name)
          let record = try family.record(.snapshot, in: lender.repository) {
            $0.adds = pack.objects
          }
          _ = try remote.commit(record.bytes, as: record.id.digest, knowing: log.files)
          _ = try remote.read(pack.name, from: 0, count: 200)
        } catch {
          // An error is what is expected; a trap would end the test.
        }
        near.close()
        _ = session.end()
        try lender.repository.refresh()
        #expect(try faults(of: lender.repository) == [], "seed \(seed) round \(round)")
        for name in try lender.store.names(of: .pack) { #expect(name == pack.name.digest) }
      }
    }
  }

  @Test func `a run that is cut behind any byte shows nothing half, and the next one completes it`()
    throws
  {
    let summary = try mirror(source, try family.empty(), wishes: [Hello.Wish.push]).here.get()
    let (out, back) = (
      Int(summary.counters.wireBytesSent), Int(summary.counters.wireBytesReceived)
    )
    // A pull and a push differ in who says which bytes.
    for isPush in [true, false] {
      let places =
        stride(from: 0, to: out, by: Self.step).map { (isOut: true, place: $0) }
        + stride(from: 0, to: back, by: max(1, Self.step / 8)).map { (isOut: false, place: $0) }
      for (isOut, place) in places {
        let mirrored = try family.empty()
        let (near, far) = MemoryStream.pair()
        let streams: (any DuplexStream, any DuplexStream) =
          isOut == isPush
          ? (BrokenStream(near, .cut(at: place)), far) : (near, BrokenStream(far, .cut(at: place)))
        if isPush {
          _ = try mirror(source, mirrored, wishes: [Hello.Wish.push], streams: streams)
        } else {
          _ = try mirror(mirrored, source, wishes: [Hello.Wish.pull], streams: streams)
        }
        let what = "push \(isPush) out \(isOut) place \(place)"
        try expectWhole(mirrored, what)
        _ = try mirror(source, mirrored, wishes: [Hello.Wish.push]).here.get()
        #expect(mirrored.log.frontier == source.log.frontier, "\(what)")
      }
    }
  }

  @Test func `bytes that come late and in pieces make no difference`() throws {
    let seed = TestSeed.make(for: "late bytes")
    let mirrored = try family.empty()
    let (near, far) = MemoryStream.pair()
    let ends = try mirror(
      source,
      mirrored,
      wishes: [Hello.Wish.push, Hello.Wish.pull],
      streams: (LateStream(near, seed: seed), LateStream(far, seed: seed &+ 1))
    )
    #expect(try ends.there.get().received.records == 3)
    #expect(mirrored.log.frontier == source.log.frontier)
  }

  // MARK: Rollbacks

  @Test func `an older state of the other end takes nothing away here`() throws {
    let victim = try family.empty()
    _ = try mirror(source, victim, wishes: [Hello.Wish.push]).here.get()
    // The other end as it was before its last two snapshots.
    let older = try family.empty()
    let first = try #require(source.log.records.values.first { $0.clear.parents.isEmpty })
    for pack in try source.store.names(of: .pack) {
      let name = BlobName(.pack, pack)
      try older.store.put(try source.store.read(name), as: name)
    }
    try older.store.put(first.bytes, as: BlobName(.record, first.id.digest))
    try older.refresh()
    for wishes in [[Hello.Wish.pull], [Hello.Wish.push], [Hello.Wish.push, Hello.Wish.pull]] {
      _ = try mirror(older, victim, wishes: wishes).here.get()
      #expect(victim.log.frontier == source.log.frontier)
      #expect(try faults(of: victim) == [])
    }
    // The last of them brought the older one back to the present.
    #expect(older.log.frontier == source.log.frontier)
  }
}
