import CoreTypes
import Repositories
import TestSupport
import Testing

@testable import Mirroring

/// A line that breaks behind any byte, and ends that change what they say: without threads, so that there can be many.
@Suite("Dialogues on paper")
struct DialogueTests {
  private let family: Family
  private let source: KeylessRepository

  init() throws {
    family = try Family()
    source = try family.empty()
  }

  /// The giver and an empty receiver; the giver is `near`, and asks for nothing, or to push.
  private func ends(isPush: Bool) throws -> (giver: PaperEnd, receiver: PaperEnd) {
    (
      try PaperEnd(source, family.id, wishes: isPush ? [Hello.Wish.push] : []),
      PaperEnd(family.id, mark: 2, wishes: isPush ? [] : [Hello.Wish.pull])
    )
  }

  @Test(arguments: [true, false])
  func
    `a dialogue of 64 KiB that ends behind any byte shows nothing half, and the next completes it`(
      isPush: Bool
    ) throws
  {
    var random = SplitMix64(seed: 31)
    for _ in 0..<3 {
      try family.snapshot(source, sizes: [9000, 20, 4000, 40], random: &random)
    }
    let (giver, receiver) = try ends(isPush: isPush)
    var whole = PaperRun(giver, receiver)
    whole.run()
    try #require(whole.isDone && whole.failure == nil, "\(String(describing: whole.failure))")
    #expect(whole.far.records.count == 3 && whole.far.objects.count == 12)
    #expect(whole.toFar.count > 60_000)

    var listener = receiver
    var resumed = 0
    for (place, byte) in whole.toFar.enumerated() {
      // The line breaks here: what was heard before is all that there is.
      try #require(!listener.hasEnded, "byte \(place)")
      let isCommitted = listener.records.count == 3 && listener.objects.count == 12
      #expect(listener.records.isEmpty || isCommitted, "byte \(place)")
      if place % 499 == 0 {
        var next = PaperRun(giver, listener.again(wishes: [Hello.Wish.pull]))
        next.run()
        #expect(next.isDone && next.far.records.count == 3, "byte \(place)")
        #expect(next.far.takenCount == 12 - listener.objects.count, "byte \(place)")
        resumed += 1
      }
      _ = try listener.hear([byte])
    }
    #expect(listener.hasEnded && listener.records.count == 3)
    var speaker = giver
    for (place, byte) in whole.toNear.enumerated() {
      try #require(!speaker.hasEnded, "byte \(place)")
      _ = try speaker.hear([byte])
    }
    #expect(speaker.hasEnded)
    Cases.tell(
      .dialogues,
      whole.toFar.count + whole.toNear.count,
      "cuts, \(resumed) of them resumed"
    )
  }

  @Test func `whatever is changed on its way, nothing half or forged is shown`() throws {
    var setup = SplitMix64(seed: 32)
    try family.snapshot(source, sizes: [20, 40], random: &setup)
    try family.snapshot(source, sizes: [60], random: &setup)
    let (giver, receiver) = try ends(isPush: true)
    var random = SplitMix64(seed: TestSeed.make(for: "dialogues"))
    let count = Cases.planned(5000)
    var (done, refused) = (0, 0)
    for round in 0..<count {
      var run = PaperRun(giver, receiver)
      run.run { said, _ in DialogueTests.changed(said, &random) }
      if run.failure != nil { refused += 1 }
      if run.isDone { done += 1 }
      #expect(run.far.records.isEmpty || run.far.records == giver.records, "round \(round)")
      #expect(run.near.records == giver.records, "round \(round)")
      #expect(!run.far.hasEnded || run.far.records.count == 2 || run.far.records.isEmpty)
      for (id, object) in run.far.objects where giver.objects[id]?.body != object.body {
        Issue.record("round \(round): a forged object")
      }
    }
    #expect(done > 0 && refused > count / 10, "\(done) done, \(refused) refused")
    Cases.tell(.dialogues, count, "with messages changed, doubled, dropped and exchanged")
  }

  /// What is said, with now and then a message changed, doubled, dropped or exchanged with the next one.
  private static func changed(_ said: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var frames: [[UInt8]] = []
    var start = said.starts(with: WirePreamble.bytes) ? WirePreamble.bytes.count : 0
    var output = Array(said[..<start])
    while start + 8 <= said.count {
      let length = Int(said[start]) | Int(said[start + 1]) << 8 | Int(said[start + 2]) << 16
      let end = min(start + 8 + length, said.count)
      frames.append(Array(said[start..<end]))
      start = end
    }
    var index = 0
    while index < frames.count {
      defer { index += 1 }
      guard random.next() % 12 == 0 else {
        output += frames[index]
        continue
      }
      switch random.next() % 6 {
      case 0: output += frames[index] + frames[index]
      case 1: break
      case 2:
        if index + 1 < frames.count { frames.swapAt(index, index + 1) }
        output += frames[index]
      default:
        var frame = frames[index]
        for _ in 0...Int(random.next() % 3) {
          let place = Int(random.next() % UInt64(frame.count))
          frame[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
        }
        output += frame
      }
    }
    return output
  }
}
