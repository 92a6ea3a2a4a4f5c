import Scanning
import Trees

/// What the entries of a folder become as they are done, in name order: its node, and its rows in the scan cache.
///
/// Used by one thread at a time.
struct FolderOutput: Sendable {
  var builder: DirectoryBuilder
  var rows: FolderRows
  /// Pages of the cache that the walker may still have to read as they were.
  private var waiting: [FolderRows.Page] = []

  init(session: UInt64, naming: @escaping @Sendable (_ name: [UInt8]) -> UInt64) {
    builder = DirectoryBuilder(splitHash: naming)
    rows = FolderRows(session: session)
  }

  /// Takes entries in; nodes that are full go to the group writer.
  mutating func append(
    _ slots: [FolderAssembly.Slot],
    to group: GroupWriter
  ) throws(BackupError) {
    for case .done(let name, let encoded, let totals, let row, let place) in slots {
      do {
        try builder.append(name: name, encoded: encoded, totals: totals) {
          node throws(BackupError) in try group.addNode(node)
        }
      } catch {
        throw error.backupError
      }
      if let row, let page = rows.append(row, from: place) { waiting.append(page) }
    }
  }

  /// Pages whose place in the cache the walker has passed.
  mutating func takePages(below read: Int) -> [FolderRows.Page] {
    guard let first = waiting.first, first.number < read else { return [] }
    let count = waiting.firstIndex { $0.number >= read } ?? waiting.count
    defer { waiting.removeFirst(count) }
    return Array(waiting[..<count])
  }
}
