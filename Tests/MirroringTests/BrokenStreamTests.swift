import TestSupport
import CoreTypes
import Indexing
import Mirroring
import Repositories
import Storage
import Synchronization
import Testing

/// A stream that breaks, or changes a byte, after so many bytes were written to it.
final class BrokenStream: DuplexStream {
  enum Fault: Sendable {
    case cut(at: Int)
    case flip(at: Int, mask: UInt8)
    case insert(at: Int, bytes: [UInt8])
  }

  private let stream: any DuplexStream
  private let fault: Fault
  private let written = Mutex(0)

  init(_ stream: any DuplexStream, _ fault: Fault) {
    self.stream = stream
    self.fault = fault
  }

  func read() throws(MirrorError) -> [UInt8] { try stream.read() }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    let start = written.withLock { written in
      defer { written += bytes.count }
      return written
    }
    var changed = bytes
    switch fault {
    case .cut(let place):
      guard place >= start + bytes.count else {
        try stream.write(Array(bytes.prefix(max(0, place - start))))
        stream.close()
        throw .closed
      }
    case .flip(let place, let mask):
      if (start..<start + bytes.count).contains(place) { changed[place - start] ^= mask }
    case .insert(let place, let more):
      if (start..<start + bytes.count).contains(place) {
        changed.insert(contentsOf: more, at: place - start)
      }
    }
    try stream.write(changed)
  }

  func close() { stream.close() }
}

@Suite("Broken streams")
struct BrokenStreamTests {
  private let family: Family
  private let source: KeylessRepository
  private let objectCount = 9

  init() throws {
    family = try Family()
    var random = SplitMix64(seed: 5)
    source = try family.empty()
    try family.snapshot(source, sizes: [9000, 200, 15_000], random: &random)
    try family.snapshot(source, sizes: [4000, 12_000, 80], random: &random)
    try family.snapshot(source, sizes: [6000, 300, 10_000], random: &random)
  }

  /// Bytes that an undisturbed push takes in each direction.
  private func dialogue() throws -> (out: Int, back: Int) {
    let summary = try mirror(source, try family.empty(), wishes: [Hello.Wish.push]).here.get()
    return (
      Int(summary.counters.wireBytesSent), Int(summary.counters.wireBytesReceived)
    )
  }

  @Test func `a push that is cut anywhere shows nothing half and goes on where it stopped`() throws
  {
    let bytes = try dialogue()
    for seed in UInt64(0)..<80 {
      var random = SplitMix64(seed: seed)
      let mirrored = try family.empty()
      var cuts: UInt64 = 0
      var isDone = false
      while !isDone {
        let (near, far) = MemoryStream.pair()
        let isOut = Bool.random(using: &random)
        let place = Int.random(in: 0..<(isOut ? bytes.out : bytes.back), using: &random)
        let streams: (any DuplexStream, any DuplexStream) =
          switch (cuts, isOut) {
          case (3, _): (near, far)
          case (_, true): (BrokenStream(near, .cut(at: place)), far)
          case (_, false): (near, BrokenStream(far, .cut(at: place)))
          }
        _ = try mirror(source, mirrored, wishes: [Hello.Wish.push], streams: streams)
        try mirrored.refresh()
        #expect([0, 3].contains(mirrored.log.records.count), "seed \(seed)")
        #expect(try faults(of: mirrored) == [], "seed \(seed)")
        isDone = cuts == 3
        cuts += 1
      }
      #expect(mirrored.log.frontier == source.log.frontier, "seed \(seed)")
      #expect(try mirrored.index.objectCount() == objectCount, "seed \(seed)")
    }
    Cases.tell(.dialogues, 240, "cuts of pushes between stores")
  }

  @Test func `whole objects of a run that was cut are not sent again`() throws {
    let bytes = try dialogue()
    for seed in UInt64(0)..<40 {
      var random = SplitMix64(seed: 1000 + seed)
      let mirrored = try family.empty()
      let (near, far) = MemoryStream.pair()
      let place = Int.random(in: bytes.out / 2..<bytes.out, using: &random)
      _ = try mirror(
        source,
        mirrored,
        wishes: [Hello.Wish.push],
        streams: (BrokenStream(near, .cut(at: place)), far)
      )
      let kept = try mirrored.index.objectCount()
      let again = try mirror(source, mirrored, wishes: [Hello.Wish.push]).here.get()
      #expect(Int(again.given.objects) == objectCount - kept, "seed \(seed)")
      // Everything before the cut but the hello and the records was objects: half of them at least came.
      #expect(kept > 0, "seed \(seed)")
    }
  }

  @Test func `a changed or added byte in either direction never gets past the proofs`() throws {
    let bytes = try dialogue()
    for seed in UInt64(0)..<160 {
      var random = SplitMix64(seed: 5000 + seed)
      let mirrored = try family.empty()
      let (near, far) = MemoryStream.pair()
      let isOut = Bool.random(using: &random)
      let place = Int.random(in: 0..<(isOut ? bytes.out : bytes.back), using: &random)
      let fault: BrokenStream.Fault =
        Int.random(in: 0..<3, using: &random) == 0
        ? .insert(at: place, bytes: random.bytes(Int.random(in: 1...40, using: &random)))
        : .flip(at: place, mask: UInt8.random(in: 1...255, using: &random))
      let streams: (any DuplexStream, any DuplexStream) =
        isOut ? (BrokenStream(near, fault), far) : (near, BrokenStream(far, fault))
      _ = try mirror(
        source,
        mirrored,
        wishes: [Hello.Wish.push],
        streams: streams,
        here: { $0.stallSeconds = 1 },
        there: { $0.stallSeconds = 1 }
      )
      try mirrored.refresh()
      #expect([0, 3].contains(mirrored.log.records.count), "seed \(seed) \(fault)")
      #expect(try faults(of: mirrored) == [], "seed \(seed) \(fault)")
      #expect(source.log.records.count == 3)
    }
  }

  @Test func `random messages after a true hello end in an error, never in a trap`() throws {
    for seed in UInt64(0)..<400 {
      var random = SplitMix64(seed: 9000 + seed)
      var session = MirrorSession(
        MirrorSession.Setting(own: hello([Hello.Wish.pull]), sets: [.records: DigestSet([])])
      )
      var peer = hello([Hello.Wish.pull])
      peer.storeMark = [1]
      peer.sets = [
        Hello.SetSummary(set: .records, count: 1, digest: random.bytes(16))
      ]
      _ = try session.received(.hello(peer))
      do throws(MirrorError) {
        for _ in 0..<20 {
          let frame = Frame(
            type: UInt8.random(in: 0...13, using: &random),
            payload: random.bytes(Int.random(in: 0...200, using: &random)).map {
              // Small numbers hit lengths and kinds more often.
              Bool.random(using: &random) ? $0 & 7 : $0
            }
          )
          if let message = try Message(frame) { _ = try session.received(message) }
        }
      } catch {
        // An error is what is expected; a trap would end the test.
        continue
      }
    }
  }

  private func hello(_ wishes: [String]) -> Hello {
    Hello(
      program: "test",
      repository: family.id,
      storeMark: [2],
      offers: [Hello.Offer.give, Hello.Offer.receive],
      wishes: wishes,
      sets: []
    )
  }
}
