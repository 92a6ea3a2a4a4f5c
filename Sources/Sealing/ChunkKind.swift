/// What a chunk, and every chunk of one object, holds.
///
/// Source: Formats/object.md §4.
package enum ChunkKind: UInt8, Sendable {
  /// Bytes of files.
  case data = 1
  /// Encoded tree nodes.
  case tree = 2
}
