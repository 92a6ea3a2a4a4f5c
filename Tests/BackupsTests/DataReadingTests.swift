import CoreTypes
import Storage
import TestSupport
import Testing

@testable import Backups

@Suite("Choosing packs to read")
struct DataReadingTests {
  private let packs: [PackID] = {
    var random = SplitMix64(seed: 12)
    return (0..<100).map { _ in
      PackID(Digest(words: random.next(), random.next(), random.next(), random.next()))
    }
  }()

  private func chosen(
    _ extent: PackSubset.Extent,
    seed: UInt64 = 1,
    size: Int = 10
  ) throws -> Set<PackID> {
    try PackSubset(extent, seed: seed).chosen(of: packs) { _ in size }
  }

  @Test(arguments: [1, 2, 7, 1000] as [UInt64])
  func `all parts together are all packs, each once, whatever the seed`(_ count: UInt64) throws {
    var all: [PackID] = []
    for number in 1...count {
      let part = try chosen(.part(number, of: count))
      #expect(try part == chosen(.part(number, of: count), seed: 99))
      all += part
    }
    #expect(all.count == packs.count)
    #expect(Set(all) == Set(packs))
  }

  @Test func `a share is rounded up, and is another one with another seed`() throws {
    #expect(try chosen(.percent(5)).count == 5)
    #expect(try chosen(.percent(0.001)).count == 1)
    #expect(try chosen(.percent(5.1)).count == 6)
    #expect(try chosen(.percent(100)) == Set(packs))
    #expect(try chosen(.percent(5)) != chosen(.percent(5), seed: 2))
    var seen: Set<PackID> = []
    for seed in 0..<200 as Range<UInt64> { seen.formUnion(try chosen(.percent(5), seed: seed)) }
    #expect(seen.count == packs.count, "every pack has its turn")
    #expect(try PackSubset(.percent(5), seed: 1).chosen(of: []) { _ in 1 }.isEmpty)
  }

  @Test func `a size is reached, and not passed by more than a pack`() throws {
    #expect(try chosen(.bytes(1)).count == 1)
    #expect(try chosen(.bytes(100)).count == 10)
    #expect(try chosen(.bytes(101)).count == 11)
    #expect(try chosen(.bytes(.max), size: .max) == Set(packs))
  }
}
