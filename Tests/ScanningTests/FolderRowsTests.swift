import CoreTypes
import Indexing
import Scanning
import TestSupport
import Testing

@Suite("Rows of a folder on their way into the scan cache") struct FolderRowsTests {
  private let folder = FolderKey(root: Array("/somewhere".utf8), fileSystem: 7)
  private let place: Place
  private let cache: ScanCache

  init() throws {
    place = try Place()
    cache = try ScanCache(
      path: place.path,
      repository: RepositoryID(Digest(words: 1, 2, 3, 4))
    )
  }

  private func row(_ number: Int, version: UInt64) -> CachedEntry {
    let time = PointInTime(seconds: 5, nanoseconds: 6)
    var digits = "\(number)"
    while digits.count < 7 { digits = "0" + digits }
    return CachedEntry(
      name: Array(("f" + digits).utf8),
      identity: FileIdentity(inode: version, size: 1, modified: time, changed: time),
      encoded: [1, UInt8(truncatingIfNeeded: version)]
    )
  }

  /// Walks the folder as a backup does: `files` are what it holds now.
  ///
  /// Returns numbers of the pages that were written.
  private func walk(_ files: [CachedEntry], session: UInt64, own: [UInt8]) throws -> [Int] {
    var cursor = CachedFolderCursor(cache: cache, folder: folder)
    let before = try cursor.own()
    var rows = FolderRows(session: session)
    var pages: [FolderRows.Page] = []
    var hasChanged = false
    for file in files {
      let found = try cursor.row(for: file.name)
      let isSame = found?.entry == file
      if !isSame { hasChanged = true }
      if let page = rows.append(file, from: isSame ? found?.place : nil) { pages.append(page) }
    }
    if try cursor.hasRest() || cursor.hasSkipped { hasChanged = true }
    let rest = rows.finish(encodedFolder: own, differs: hasChanged || before?.encoded != own)
    pages += rest.pages
    try cache.replace(folder, pages: pages, pageCount: hasChanged ? rest.pageCount : nil)
    try cache.flush()
    return pages.map(\.number).sorted()
  }

  /// All rows but the folder's own.
  private func stored() throws -> [CachedEntry] {
    var all: [CachedEntry] = []
    var number = 0
    while let page = try cache.page(number, of: folder) {
      all += page.rows
      number += 1
    }
    #expect(all.first?.name == CachedFolderCursor.ownName)
    return Array(all.dropFirst())
  }

  @Test func `a changed file costs its page and the first, and nothing costs nothing`() throws {
    var files = (0..<5000).map { row($0, version: 1) }
    #expect(try walk(files, session: 1, own: [1]) == Array(0...19))
    #expect(try walk(files, session: 2, own: [1]) == [])
    #expect(try walk(files, session: 3, own: [2]) == [0])
    files[3000] = row(3000, version: 2)
    #expect(try walk(files, session: 4, own: [3]) == [0, 11])
    #expect(try stored() == files)
    // Pages keep the session that wrote them.
    #expect(try cache.page(11, of: folder)?.session == 4)
    #expect(try cache.page(12, of: folder)?.session == 1)
    files.append(row(6000, version: 1))
    #expect(try walk(files, session: 5, own: [4]) == [0, 19])
    files.removeLast(2)
    #expect(try walk(files, session: 6, own: [5]) == [0, 19])
    #expect(try stored() == files)
    files = []
    #expect(try walk(files, session: 7, own: [6]) == [0])
    #expect(try stored().isEmpty)
  }

  @Test func `whatever comes and goes, the cache holds what the folder held last`() throws {
    let seed = TestSeed.make(for: "rows of a folder")
    var random = SplitMix64(seed: seed)
    var present: [Int: UInt64] = [:]
    for session in 1...40 as ClosedRange<UInt64> {
      for _ in 0..<Int(random.next() % 400) {
        let number = Int(random.next() % 1500)
        present[number] = random.next() % 4 == 0 ? nil : random.next() % 3
      }
      let files = present.sorted { $0.key < $1.key }.map { row($0.key, version: $0.value) }
      _ = try walk(files, session: session, own: [UInt8(session)])
      #expect(try stored() == files, "seed \(seed), session \(session)")
    }
  }
}
