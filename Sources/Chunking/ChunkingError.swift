/// Why chunk sizes are refused.
///
/// Source: Formats/chunking.md §2.
package enum ChunkingError: Error, Equatable, Sendable {
  /// The average must be a power of two.
  case averageNotPowerOfTwo(Int)
  /// Minimum < average < maximum must hold.
  case sizesNotAscending(minimum: Int, average: Int, maximum: Int)
  /// The minimum is below 256 bytes.
  case minimumTooSmall(Int)
  /// The maximum is above 16 MiB.
  case maximumTooLarge(Int)
}
