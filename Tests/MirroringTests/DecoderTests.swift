import CoreTypes
import Repositories
import Packing
import Sealing
import Storage
import TestSupport
import Testing

@testable import Mirroring

/// What the other end of a line says is read by both ends before anything of it is proven.
@Suite("Decoders of the wire, given anything")
struct DecoderTests {
  private let family: Family
  private let run: PaperRun

  init() throws {
    family = try Family()
    let source = try family.empty()
    var random = SplitMix64(seed: 41)
    for _ in 0..<2 { try family.snapshot(source, sizes: [20, 3000], random: &random) }
    var run = PaperRun(
      try PaperEnd(source, family.id, wishes: [Hello.Wish.push]),
      PaperEnd(family.id, mark: 2, wishes: [])
    )
    run.run()
    self.run = run
  }

  /// The messages of a stream: type, then payload.
  private static func messages(_ stream: [UInt8]) throws -> [[UInt8]] {
    var parser = FrameParser()
    parser.append(stream)
    var found: [[UInt8]] = []
    while let frame = try parser.next() { found.append([frame.type] + frame.payload) }
    return found
  }

  private static func frame(_ bytes: [UInt8]) -> Frame {
    Frame(type: bytes.first ?? 0, payload: Array(bytes.dropFirst()))
  }

  @Test func `messages of mirror runs`() throws {
    try #require(run.isDone)
    let prefixes = (0..<5).map { NamePrefix(digitCount: $0, bits: 0xABCD << 48) }
    var messages = Mutations(
      of: try Self.messages(run.toFar) + Self.messages(run.toNear) + [
        [2] + Message.walk(.records, prefixes).frame.payload,
        [11] + Message.error(code: 3, text: "no").frame.payload,
      ],
      seed: TestSeed.make(for: "messages"),
      reach: 200
    )
    let count = Cases.planned(120_000)
    for _ in 0..<count {
      let frame = Self.frame(messages.next())
      do throws(MirrorError) {
        guard let message = try Message(frame) else { continue }
        // What was taken can be said again.
        #expect(try Message(message.frame) == message)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, count, "messages of mirror runs")
  }

  @Test func `messages of a store's session, to either end`() throws {
    let name = BlobName(.pack, Digest(words: 1, 2, 3, 4))
    var operands = ByteWriter(capacity: 64)
    operands.write(name)
    operands.write(UInt64(5))
    operands.write(UInt64(100))
    let refusal = StoreRefusal(3, "missing", 7, 8)
    let originals: [StoreMessage] =
      (1...14).map { .ask(number: 9, operation: $0, operands: operands.bytes) } + [
        .data(blob: 2, kind: 6, bytes: [1, 2, 3]), .part(number: 9, bytes: [4, 5]),
        .answer(number: 9, bytes: []), .refusal(number: 9, refusal), .alive,
        .error(code: 1, text: "no"),
      ]
    var messages = Mutations(
      of: originals.map { [$0.frame.type] + $0.frame.payload } + (try Self.messages(run.toNear)),
      seed: TestSeed.make(for: "messages of a store"),
      reach: 200
    )
    let count = Cases.planned(120_000)
    for _ in 0..<count {
      let frame = Self.frame(messages.next())
      do throws(MirrorError) {
        guard let message = try StoreMessage(frame) else { continue }
        #expect(try StoreMessage(message.frame) == message)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, count, "messages of a store's session")
  }

  @Test func `sessions at any stage`() throws {
    // Both ends as they were before each message that they heard.
    var stages: [PaperEnd] = []
    let giver = run.near.again(wishes: [Hello.Wish.push])
    for (end, stream) in [
      (giver, run.toNear), (PaperEnd(family.id, mark: 2, wishes: []), run.toFar),
    ] {
      var end = end
      _ = try end.hear(WirePreamble.bytes)
      for message in try Self.messages(stream) {
        stages.append(end)
        _ = try end.hear(Self.frame(message).bytes)
      }
    }
    var messages = Mutations(
      of: try Self.messages(run.toFar) + Self.messages(run.toNear),
      seed: TestSeed.make(for: "sessions"),
      reach: 200
    )
    let count = Cases.planned(60_000)
    for _ in 0..<count {
      var end = stages[messages.below(stages.count)]
      let records = end.records.count
      let bytes = messages.next()
      // Now and then the header says something else than what follows.
      var frame = Self.frame(bytes).bytes
      if messages.below(8) == 0 { frame[messages.below(8)] ^= 1 << UInt8(messages.below(8)) }
      do throws(MirrorError) {
        _ = try end.hear(frame)
        #expect([records, 2].contains(end.records.count))
      } catch {
        #expect(end.records.count == records)
      }
    }
    Cases.tell(.decoders, count, "messages to sessions at each of \(stages.count) stages")
  }
}
