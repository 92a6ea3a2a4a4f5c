package import CoreTypes

/// One item of a chunk list: a chunk, once or several times in a row.
///
/// Source: Formats/chunk.md §3.
package struct ChunkReference: Hashable, Sendable {
  package var id: ChunkID
  /// Length of the chunk, in bytes: 1–16 MiB.
  package var length: UInt32
  /// How often it follows itself: at least 1.
  package var repeats: UInt64

  package init(id: ChunkID, length: UInt32, repeats: UInt64 = 1) {
    self.id = id
    self.length = length
    self.repeats = repeats
  }

  /// Length times repeats, in bytes; throws when it passes 2^63 - 1.
  package func byteCount() throws(TreeError) -> UInt64 {
    let (product, overflow) = UInt64(length).multipliedReportingOverflow(by: repeats)
    guard !overflow, product <= TreeLimits.total else { throw .overflow }
    return product
  }

  /// Whether the next item must be merged into this one.
  func merges(with next: ChunkReference) -> Bool { id == next.id && length == next.length }

  /// Throws when length or repeats are outside what a list may hold.
  func validate() throws(TreeError) {
    guard length > 0, length <= TreeLimits.chunkByteCount, repeats > 0 else {
      throw .illegalItem(id, length: UInt64(length), repeats: repeats)
    }
  }
}

/// Where the bytes of a file are.
///
/// Source: Formats/tree.md §1, keys 13–15.
package enum FileContent: Equatable, Sendable {
  case empty
  /// The bytes themselves: 1–128.
  case inline([UInt8])
  /// 1–64 items.
  case list([ChunkReference])
  /// The node over more than 64 items.
  case paged(ChunkID)

  /// Bytes that stand in the entry itself; 0 for content in chunks.
  package var inlineByteCount: Int {
    switch self {
    case .inline(let bytes): bytes.count
    case .empty, .list, .paged: 0
    }
  }
}

extension [ChunkReference] {
  /// Bytes of the whole list, after checking each item and that no equal neighbours are left.
  package func validatedByteCount() throws(TreeError) -> UInt64 {
    var sum: UInt64 = 0
    var last: ChunkReference?
    for item in self {
      try item.validate()
      if let last, last.merges(with: item) { throw .unmergedItems(item.id) }
      sum = try checkedSum(sum, try item.byteCount())
      last = item
    }
    return sum
  }
}
