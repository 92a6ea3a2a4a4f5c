package import Indexing

/// Walks a folder's rows beside its names: both are in name order.
package struct CachedFolderCursor {
  /// Name of the row that is about the folder itself; no entry can have it.
  package static let ownName: [UInt8] = [UInt8(ascii: ".")]

  private let cache: ScanCache
  private let folder: FolderKey
  private var pageNumber = 0
  private var session: UInt64 = 0
  private var rows: [CachedEntry] = []
  private var position = 0
  private var isAtEnd = false

  package init(cache: ScanCache, folder: FolderKey) {
    self.cache = cache
    self.folder = folder
  }

  /// A cursor over no rows, for a folder that is not remembered.
  package static func nothing(in cache: ScanCache, _ folder: FolderKey) -> CachedFolderCursor {
    var cursor = CachedFolderCursor(cache: cache, folder: folder)
    cursor.isAtEnd = true
    return cursor
  }

  /// The folder's own row: its encoded entry as it was saved last; `nil` if the cache does not know it.
  ///
  /// To be asked for before any name.
  package mutating func own() throws(IndexingError) -> CachedEntry? {
    guard !isAtEnd, pageNumber == 0 else { return nil }
    guard let page = try cache.page(0, of: folder) else {
      isAtEnd = true
      return nil
    }
    pageNumber = 1
    (session, rows) = page
    guard let first = rows.first, first.name == CachedFolderCursor.ownName else { return nil }
    position = 1
    return first
  }

  /// A row, the session that wrote it, and where it stands.
  package struct FoundRow {
    package let session: UInt64
    package let entry: CachedEntry
    package let place: FolderRows.Place
  }

  /// Pages that will not be read again: those below this number.
  package var readPageCount: Int { isAtEnd ? .max : pageNumber }

  /// True while no row was passed over: the folder has all the names that the cache knows.
  package private(set) var hasSkipped = false

  /// The row of `name`, and the session that wrote it.
  ///
  /// Names must be asked for in ascending order.
  package mutating func row(for name: [UInt8]) throws(IndexingError) -> FoundRow? {
    while !isAtEnd {
      if position == rows.count {
        guard let page = try cache.page(pageNumber, of: folder) else {
          isAtEnd = true
          return nil
        }
        pageNumber += 1
        (session, rows) = page
        position = 0
        continue
      }
      let row = rows[position]
      if row.name == name {
        defer { position += 1 }
        return FoundRow(
          session: session,
          entry: row,
          place: FolderRows.Place(page: pageNumber - 1, index: position, rowCount: rows.count)
        )
      }
      guard row.name.lexicographicallyPrecedes(name) else { return nil }
      hasSkipped = true
      position += 1
    }
    return nil
  }

  /// True if rows are left behind the names that were asked for.
  package mutating func hasRest() throws(IndexingError) -> Bool {
    guard !isAtEnd else { return false }
    if position < rows.count { return true }
    return try cache.page(pageNumber, of: folder) != nil
  }
}
