/// Finds where content is cut: FastCDC with a keyed table.
///
/// Source: Formats/chunking.md §4.
///
/// A cut depends on the content since the cut before it and on nothing else, so content may be
/// given in pieces of any size.
package struct Chunker: Sendable {
  /// Whether more content follows the bytes that were given.
  package enum Ending: Sendable {
    /// More may follow: a chunk that they could still lengthen is not cut.
    case open
    /// The content ends with these bytes.
    case atEnd
  }

  package let parameters: ChunkingParameters
  private let table: GearTable
  private let normalPoint: Int
  private let strictThreshold: UInt64
  private let looseThreshold: UInt64

  package init(parameters: ChunkingParameters, table: GearTable) {
    self.parameters = parameters
    self.table = table
    normalPoint = parameters.normalPoint
    strictThreshold = parameters.strictThreshold
    looseThreshold = parameters.looseThreshold
  }

  /// Length of the first chunk of `bytes`, in bytes; `nil` if more bytes are needed to tell, or if
  /// there are none.
  package func firstCut(in bytes: UnsafeBufferPointer<UInt8>, ending: Ending) -> Int? {
    guard let start = bytes.baseAddress else { return nil }
    return unsafe table.withWords { words in
      unsafe firstCut(start, bytes.count, ending: ending, words: words)
    }
  }

  /// Appends the length of every chunk of `bytes` that is certain, in order; returns their sum.
  ///
  /// With `.atEnd` that is all of `bytes`. With `.open` fewer than `maximum` bytes are left, which
  /// are to be given again with what follows them.
  package func cuts(
    of bytes: UnsafeBufferPointer<UInt8>,
    ending: Ending,
    appendingTo lengths: inout [Int]
  ) -> Int {
    guard let start = bytes.baseAddress else { return 0 }
    return unsafe table.withWords { words in
      var position = 0
      while let length = unsafe firstCut(
        start + position,
        bytes.count - position,
        ending: ending,
        words: words
      ) {
        lengths.append(length)
        position += length
      }
      return position
    }
  }

  private func firstCut(
    _ bytes: UnsafePointer<UInt8>,
    _ count: Int,
    ending: Ending,
    words: UnsafePointer<UInt64>
  ) -> Int? {
    let end = min(count, parameters.maximum)
    var scan = unsafe GearScan(
      bytes: bytes,
      words: words,
      hash: table.zeroRunHash,
      position: parameters.minimum
    )
    // Zeros leave the first hash as it is, so they need no hashing.
    unsafe scan.skipZeros(until: end)
    if unsafe scan.advance(until: min(end, normalPoint), threshold: strictThreshold)
      || scan.advance(until: end, threshold: looseThreshold)
    {
      return unsafe scan.position
    }
    switch ending {
    case .open: return end == parameters.maximum ? end : nil
    case .atEnd: return end > 0 ? end : nil
    }
  }
}
