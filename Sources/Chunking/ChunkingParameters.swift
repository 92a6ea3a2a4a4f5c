/// How large chunks are, in bytes; fixed when a repository is made.
///
/// Source: Formats/chunking.md §2.
package struct ChunkingParameters: Equatable, Sendable {
  /// No chunk but a file's last is this small or smaller.
  package let minimum: Int
  /// Mean size on data without repetition; a power of two.
  package let average: Int
  /// No chunk is larger; a run of zeros is cut at this size.
  package let maximum: Int

  /// The least minimum that is accepted.
  package static let leastMinimum = 256
  /// The largest maximum that is accepted: a reader's limit for a chunk.
  ///
  /// Source: Formats/README.md §3.
  package static let mostMaximum = 16 << 20

  /// Sizes for new repositories: 16 KiB, 64 KiB, 256 KiB.
  ///
  /// Source: Docs/decisions/0002-chunk-size.md.
  package static let standard = ChunkingParameters(
    checkedMinimum: 16 << 10,
    average: 64 << 10,
    maximum: 256 << 10
  )

  /// Checks the sizes.
  package init(minimum: Int, average: Int, maximum: Int) throws(ChunkingError) {
    guard minimum >= ChunkingParameters.leastMinimum else { throw .minimumTooSmall(minimum) }
    guard maximum <= ChunkingParameters.mostMaximum else { throw .maximumTooLarge(maximum) }
    guard minimum < average, average < maximum else {
      throw .sizesNotAscending(minimum: minimum, average: average, maximum: maximum)
    }
    guard average.nonzeroBitCount == 1 else { throw .averageNotPowerOfTwo(average) }
    self.init(checkedMinimum: minimum, average: average, maximum: maximum)
  }

  private init(checkedMinimum minimum: Int, average: Int, maximum: Int) {
    self.minimum = minimum
    self.average = average
    self.maximum = maximum
  }
}

// What follows from the sizes. Source: Formats/chunking.md §4.
extension ChunkingParameters {
  /// Normalisation level: bits by which the two tests are stricter and looser than the average.
  private static let level = 2

  /// Position in a chunk from which on the looser test counts, in bytes.
  ///
  /// With it the mean is the average to within 1 %. All products stay below 2^53, because no size
  /// is above 2^24.
  var normalPoint: Int {
    // Too near to the average: the loose test alone overshoots, so it counts from the start.
    guard 4 * minimum < 3 * average else { return minimum }
    return minimum + 8 * average * (3 * average - 4 * minimum) / (27 * average + 4 * minimum)
  }

  /// Before the normal point a hash below this cuts.
  var strictThreshold: UInt64 { threshold(bits: average.trailingZeroBitCount + Self.level) }

  /// From the normal point on a hash below this cuts.
  var looseThreshold: UInt64 { threshold(bits: average.trailingZeroBitCount - Self.level) }

  private func threshold(bits: Int) -> UInt64 { 1 << UInt64(64 - bits) }
}
