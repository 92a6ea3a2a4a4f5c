package import CoreTypes

extension OpenedBody {
  /// The id of each chunk, computed from the content.
  package func computeIDs(naming: IdentityKey) -> [ChunkID] {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(lengths.count)
    var start = 0
    for length in lengths {
      ranges.append(start..<start + length)
      start += length
    }
    return unsafe plaintext.withUnsafeBytes { bytes in
      // Safe: the lengths add up to the plaintext, which the frame's decoder checked.
      unsafe naming.chunkIDs(of: ranges, in: bytes, kind: kind)
    }
  }

  /// Throws unless the content is exactly that of the named chunks.
  ///
  /// Source: Formats/chunk.md §4.
  package func prove(_ expected: [ChunkID], naming: IdentityKey) throws(SealingError) {
    let found = computeIDs(naming: naming)
    guard found.count == expected.count else { throw .malformed(what: "number of chunks") }
    for (id, other) in zip(expected, found) where id != other { throw .wrongContent(id) }
  }
}
