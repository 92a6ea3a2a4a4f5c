import Files
import Trees

/// Finds the holes of a file.
///
/// Source: Formats/tree.md §6.
enum HoleReader {
  /// Holes of at least this many bytes are kept.
  private static let leastByteCount = TreeLimits.holeByteCount
  /// At most this many, the first ones.
  private static let limit = TreeLimits.holes

  static func holes(of file: OpenFile, size: UInt64) throws(FilesError) -> [HoleExtent] {
    var holes: [HoleExtent] = []
    var offset: UInt64 = 0
    while offset < size, holes.count < limit {
      guard let found = try file.nextHole(from: Int64(offset)), UInt64(found) < size else { break }
      let start = UInt64(found)
      let end = min(try file.nextData(from: found).map(UInt64.init) ?? size, size)
      guard end > start else { break }
      if end - start >= leastByteCount {
        holes.append(HoleExtent(offset: start, length: end - start))
      }
      offset = end
    }
    return holes
  }
}
