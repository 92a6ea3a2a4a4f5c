package import CoreTypes
import Encoding

/// Builds the chunk list of one file from its chunks in order.
///
/// Source: Formats/tree.md §4.
///
/// The result depends only on the chunks, not on how their repeats were handed in. Memory does not
/// grow with the list. After an error the builder is of no further use.
package struct ListBuilder: Sendable {
  /// Bytes of everything appended.
  package private(set) var byteCount: UInt64 = 0
  private var direct: [ChunkReference] = []
  private var pages: PageStack?
  // Held back, because the next one may be the same chunk again.
  private var last: ChunkReference?

  package init() {}

  /// Appends a chunk or a run of equal ones.
  package mutating func append<Failure>(
    _ item: ChunkReference,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(TreeWriteError<Failure>) {
    do {
      try item.validate()
      byteCount = try checkedSum(byteCount, try item.byteCount())
    } catch { throw .illegal(error) }
    if var merged = last, merged.merges(with: item) {
      // Cannot overflow: the sum of all lengths, just checked, is no less.
      merged.repeats += item.repeats
      last = merged
      return
    }
    if let last {
      do { try release(last, store: store) } catch { throw .store(error) }
    }
    last = item
  }

  /// Stores what is left, and returns what stands in the entry.
  package consuming func finish<Failure>(
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) -> FileContent {
    if let last { try release(last, store: store) }
    if var pages { return .paged(try pages.finish(store: store).id) }
    return direct.isEmpty ? .empty : .list(direct)
  }

  /// Puts an item that will not change any more into the list.
  private mutating func release<Failure>(
    _ item: ChunkReference,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) {
    if pages != nil {
      try page(item, store: store)
    } else if direct.count < TreeLimits.directItems {
      direct.append(item)
    } else {
      pages = PageStack(.list)
      for earlier in direct { try page(earlier, store: store) }
      direct = []
      try page(item, store: store)
    }
  }

  private mutating func page<Failure>(
    _ item: ChunkReference,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) {
    var element = CBORWriter()
    element.item(item)
    // Cannot overflow: the sum was checked when the item came in.
    let totals = TreeTotals(bytes: UInt64(item.length) * item.repeats)
    try pages?.append(
      element.bytes,
      firstName: [],
      totals: totals,
      hash: { item.id.digest.prefix },
      store: store
    )
  }
}
