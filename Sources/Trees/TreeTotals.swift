/// What lies below a node.
///
/// Source: Formats/tree.md, totals.
package struct TreeTotals: Hashable, Sendable {
  /// Number of regular files.
  package var files: UInt64
  /// Sum of their sizes, in bytes.
  package var bytes: UInt64
  /// Number of entries of any kind.
  package var entries: UInt64

  package init(files: UInt64 = 0, bytes: UInt64 = 0, entries: UInt64 = 0) {
    self.files = files
    self.bytes = bytes
    self.entries = entries
  }

  package static let zero = TreeTotals()

  /// The sum; a count that would pass 2^63 - 1 stays there.
  package func adding(_ more: TreeTotals) -> TreeTotals {
    TreeTotals(
      files: TreeTotals.saturating(files, more.files),
      bytes: TreeTotals.saturating(bytes, more.bytes),
      entries: TreeTotals.saturating(entries, more.entries)
    )
  }

  /// Adds `more`, or throws when a count passes 2^63 - 1.
  package mutating func add(_ more: TreeTotals) throws(TreeError) {
    files = try checkedSum(files, more.files)
    bytes = try checkedSum(bytes, more.bytes)
    entries = try checkedSum(entries, more.entries)
  }

  /// Whether no count is more than in `other`.
  func isWithin(_ other: TreeTotals) -> Bool {
    files <= other.files && bytes <= other.bytes && entries <= other.entries
  }

  private static func saturating(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? TreeLimits.total : min(sum, TreeLimits.total)
  }
}

/// The sum of two counts, both from outside.
func checkedSum(_ left: UInt64, _ right: UInt64) throws(TreeError) -> UInt64 {
  let (sum, overflow) = left.addingReportingOverflow(right)
  guard !overflow, sum <= TreeLimits.total else { throw .overflow }
  return sum
}
