import CoreTypes
import Storage

/// How much of what packs hold a check reads.
package enum DataReading: Equatable, Sendable {
  /// Trailers and heads alone.
  case heads
  case everything
  /// Heads of all packs, and everything of some.
  case some(PackSubset)
}

/// Some packs of a store.
package struct PackSubset: Equatable, Sendable {
  /// How many, and which.
  package enum Extent: Equatable, Sendable {
    /// The part of this number, from 1 on, of so many; all parts together are all packs, whatever comes between.
    case part(UInt64, of: UInt64)
    /// At random, of 100.
    case percent(Double)
    /// At random, until they have so many bytes.
    case bytes(Int)
  }

  package let extent: Extent
  /// What chooses at random; another number chooses other packs.
  package let seed: UInt64

  package init(_ extent: Extent, seed: UInt64) {
    self.extent = extent
    self.seed = seed
  }

  /// The packs that are to be read; at least one if there are any, but for a part that is empty.
  func chosen(
    of packs: [PackID],
    byteCount: (PackID) throws(StorageError) -> Int
  ) throws(StorageError) -> Set<PackID> {
    switch extent {
    case .part(let number, let count):
      // Ids are hashes, so parts are about equal, and a pack stays in its part.
      return Set(packs.filter { $0.digest.prefix % max(count, 1) == number &- 1 })
    case .percent(let percent):
      let share = (Double(packs.count) * percent / 100).rounded(.up)
      let count = min(packs.count, max(1, Int(share)))
      return Set(shuffled(packs).prefix(count))
    case .bytes(let limit):
      var chosen: Set<PackID> = []
      var sum = 0
      for pack in shuffled(packs) where sum < limit {
        // Cannot overflow: a sum below the limit, and a pack of at most 1 GiB.
        sum += min(try byteCount(pack), 1 << 30)
        chosen.insert(pack)
      }
      return chosen
    }
  }

  private func shuffled(_ packs: [PackID]) -> [PackID] {
    packs.map { (key: mixed($0.digest.prefix), pack: $0) }
      .sorted { ($0.key, $0.pack) < ($1.key, $1.pack) }
      .map(\.pack)
  }

  /// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", mix64variant13.
  private func mixed(_ number: UInt64) -> UInt64 {
    var mixed = number ^ seed
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
