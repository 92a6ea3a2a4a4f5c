import CoreTypes
import Trees

/// Sums up content that only one of two sides has; memory has a bound.
struct ChunkTally {
  /// A side of a comparison.
  enum Side: UInt32 {
    case old = 1
    case new = 2
  }

  /// Chunks that are remembered: 2,097,152, about 64 MiB of memory.
  private static let chunkLimit = 1 << 21

  /// Length, and in the two lowest bits who has it.
  ///
  /// The first 64 bits of an id stand for it: that two of these chunks agree in them is less likely than one in a million.
  private var chunks: [UInt64: UInt32] = [:]
  /// What is not in the table: content that stands in entries, and chunks beyond the limit.
  private var apart: [Side: UInt64] = [:]
  private(set) var isExact = true

  /// Enters the content of a file of one side; what is none is passed over.
  mutating func add(
    _ entry: TreeEntry,
    _ side: Side,
    reader: TreeReader<BrowsingError>
  ) throws(BrowsingError) {
    switch entry.content {
    case .empty: return
    case .inline(let bytes): addApart(UInt64(bytes.count), side)
    case .list, .paged:
      try reader.forEachChunk(of: entry) { item throws(BrowsingError) in add(item, side) }
    }
  }

  private mutating func add(_ item: ChunkReference, _ side: Side) {
    let key = item.id.digest.prefix
    if let known = chunks[key] {
      chunks[key] = known | side.rawValue
    } else if chunks.count < ChunkTally.chunkLimit {
      // Fits: a chunk has at most 2^24 bytes.
      chunks[key] = item.length << 2 | side.rawValue
    } else {
      isExact = false
      addApart(UInt64(item.length), side)
    }
  }

  private mutating func addApart(_ bytes: UInt64, _ side: Side) {
    apart[side] = ChunkTally.saturating(apart[side] ?? 0, bytes)
  }

  private static func saturating(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  /// Bytes that this side alone has; a chunk counts once, however often it is there.
  func bytes(only side: Side) -> UInt64 {
    var sum = apart[side] ?? 0
    for entry in chunks.values where entry & 3 == side.rawValue {
      sum = ChunkTally.saturating(sum, UInt64(entry >> 2))
    }
    return sum
  }
}
