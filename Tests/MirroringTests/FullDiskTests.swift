import CoreTypes
import Mirroring
import Packing
import Repositories
import Storage
import TestSupport
import Testing

/// A receiver whose disk takes no more.
@Suite("Mirrors on a full disk")
struct FullDiskTests {
  private let family: Family

  init() throws { family = try Family() }

  @Test(arguments: [FaultyStore.Fault.noSpace, .crashBefore, .crashAfter])
  func `a write that fails at any step leaves packs that are what they say, and the next run ends`(
    fault: FaultyStore.Fault
  ) throws {
    var random = SplitMix64(seed: 71)
    let source = try family.empty()
    for size in [100, 3000] {
      try family.snapshot(source, sizes: [size, 2 * size], random: &random)
    }
    var step = 0
    while true {
      let memory = try family.emptyStore()
      let sound = try family.open(memory)
      let failing = LockingFaultyStore(over: memory, fault, atStep: step)
      let mirrored = try KeylessRepository(store: failing, index: sound.index)
      let ending = try mirror(source, mirrored, wishes: [Hello.Wish.push]).there
      #expect(try faults(of: sound) == [], "step \(step)")
      if case .success = ending { break }
      _ = try mirror(source, sound, wishes: [Hello.Wish.push]).there.get()
      #expect(try faults(of: sound) == [], "after step \(step)")
      #expect(sound.log.frontier == source.log.frontier)
      step += 1
      try #require(step < 100)
    }
    // Every append of an object is such a step.
    #expect(step > 8, "\(step) steps")
  }
}
