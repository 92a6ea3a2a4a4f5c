/// Rows of one folder on their way into the scan cache, page by page: those pages that it does not have already.
///
/// A folder of a million files of which one has changed gives back one page and the first.
/// Source: Docs/decisions/0005-scan-cache-rows.md.
package struct FolderRows: Sendable {
  /// Where a row stood in the cache when it was read.
  package struct Place: Equatable, Sendable {
    let page: Int
    let index: Int
    /// Rows that the page had.
    let rowCount: Int
  }

  /// Encoded rows.
  package struct Page: Sendable {
    package let number: Int
    let bytes: [UInt8]
  }

  private let session: UInt64
  private var number = 0
  private var rows: [CachedEntry] = []
  private var isAsCached = true
  private var cachedRowCount = 0
  /// The first page waits for the row about the folder itself.
  private var first: (rows: [CachedEntry], differs: Bool)?

  /// Rows of a backup with this number in the cache.
  package init(session: UInt64) { self.session = session }

  /// Appends a row; `place` is where it was found unchanged.
  ///
  /// Returns a page when one is full and differs.
  package mutating func append(_ row: CachedEntry, from place: Place?) -> Page? {
    let index = rows.count + ownRowCount
    if place?.page != number || place?.index != index { isAsCached = false }
    cachedRowCount = place?.rowCount ?? 0
    rows.append(row)
    return rows.count + ownRowCount == ScanCache.rowsOfPage ? cut() : nil
  }

  /// The pages that are left, and the number of pages in all.
  ///
  /// `encodedFolder` is the folder's own entry; `differs` tells whether the cache has another, or rows that are gone.
  package mutating func finish(
    encodedFolder: [UInt8],
    differs: Bool
  ) -> (pages: [Page], pageCount: Int) {
    var pages: [Page] = []
    if !rows.isEmpty || number == 0, let last = cut() { pages.append(last) }
    if let first, first.differs || differs {
      pages.append(page(0, [CachedEntry(ownEntry: encodedFolder)] + first.rows))
    }
    return (pages, number)
  }

  private var ownRowCount: Int { number == 0 ? 1 : 0 }

  private mutating func cut() -> Page? {
    defer {
      rows.removeAll(keepingCapacity: true)
      isAsCached = true
      cachedRowCount = 0
      number += 1
    }
    let differs = !isAsCached || (!rows.isEmpty && cachedRowCount != rows.count + ownRowCount)
    guard number > 0 else {
      first = (rows, differs)
      return nil
    }
    return differs ? page(number, rows) : nil
  }

  private func page(_ number: Int, _ rows: [CachedEntry]) -> Page {
    Page(number: number, bytes: ScanCache.encode(session: session, rows: rows))
  }

  /// The only row of a root that is no folder.
  package static func single(_ row: CachedEntry, session: UInt64) -> Page {
    Page(number: 0, bytes: ScanCache.encode(session: session, rows: [row]))
  }
}
