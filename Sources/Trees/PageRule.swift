/// Where a run of elements is cut into pages.
///
/// Source: Formats/tree.md §5.
enum PageRule {
  /// Whether a page of `elements` elements and `bytes` encoded bytes ends after its last one.
  ///
  /// `hash` is called only where it decides: between the least and the most elements.
  static func ends(elements: Int, bytes: Int, hash: () -> UInt64) -> Bool {
    if elements >= TreeLimits.maximumPageElements || bytes >= TreeLimits.pageByteCount {
      return true
    }
    return elements >= TreeLimits.minimumPageElements && hash() < threshold
  }

  /// One in 256 of all hashes is below it.
  private static let threshold: UInt64 = 1 << 56
}
