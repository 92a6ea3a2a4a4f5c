package import CoreTypes
package import Indexing
import LMDB
import Sealing
import Synchronization

/// Key of a folder in the scan cache: a hash over the root's path and the names below it.
package struct FolderKey: Hashable, Sendable {
  package let bytes: [UInt8]

  /// The key of a root: its path, and the file system on which it lies.
  package init(root: [UInt8], fileSystem: UInt64) {
    bytes = FolderKey.hash(fileSystem.bigEndianBytes + root)
  }

  /// The key of a folder in the folder with this key.
  package func child(_ name: [UInt8]) -> FolderKey { FolderKey(FolderKey.hash(bytes + name)) }

  /// The key of the same folder as it is on another file system: what is mounted there.
  package func mounted(_ fileSystem: UInt64) -> FolderKey {
    FolderKey(FolderKey.hash(bytes + [UInt8(ascii: "/")] + fileSystem.bigEndianBytes))
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  private static func hash(_ bytes: [UInt8]) -> [UInt8] {
    Array(PlainHash.of(bytes).bytes[..<16])
  }
}

/// By what a file is recognised as unchanged.
package struct FileIdentity: Equatable, Sendable {
  package let inode: UInt64
  package let size: UInt64
  package let modified: PointInTime
  package let changed: PointInTime

  package init(inode: UInt64, size: UInt64, modified: PointInTime, changed: PointInTime) {
    self.inode = inode
    self.size = size
    self.modified = modified
    self.changed = changed
  }

  /// True if the file had been left alone for two seconds when its reading began: a later change shows in its times.
  ///
  /// Times in the future never count as settled.
  package func isSettled(before start: PointInTime) -> Bool {
    let limit = PointInTime(seconds: start.seconds - 2, nanoseconds: start.nanoseconds)
    return modified < limit && changed < limit
  }
}

/// One row: a name, what it was, and its encoded entry.
package struct CachedEntry: Equatable, Sendable {
  package let name: [UInt8]
  package let identity: FileIdentity
  /// Formats/tree.md §1.
  package let encoded: [UInt8]

  package init(name: [UInt8], identity: FileIdentity, encoded: [UInt8]) {
    self.name = name
    self.identity = identity
    self.encoded = encoded
  }

  /// The row that is about the folder itself: it recognises nothing, and says how the folder was saved.
  package init(ownEntry encoded: [UInt8]) {
    name = CachedFolderCursor.ownName
    let never = PointInTime(seconds: 0, nanoseconds: 0)
    identity = FileIdentity(inode: 0, size: 0, modified: never, changed: never)
    self.encoded = encoded
  }
}

/// What the machine that is backed up remembers of its files.
///
/// Source: Docs/decisions/0005-scan-cache-rows.md.
///
/// Tables: `folders` (folder key and page number → session and rows), `sessions` (session → store id and record id), `counters`.
package final class ScanCache: Sendable {
  private let file: CacheFile
  private let folders: Database
  private let sessions: Database
  private let counters: Database
  private let waiting = Mutex(Waiting())

  private struct Waiting {
    var folders: [(key: FolderKey, pages: [FolderRows.Page], pageCount: Int?)] = []
    var byteCount = 0
  }

  /// Three: a folder has a row of its own, and rows have checks.
  private static let schema: [UInt8] = [3]
  private static let nextSession = Array("next session".utf8)
  static let rowsOfPage = 256
  /// Encoded rows that wait for a transaction: 2 MiB.
  private static let waitingByteLimit = 2 << 20

  /// Opens or makes the scan cache in the folder `path`; one of another schema or repository is emptied.
  package init(path: String, repository: RepositoryID) throws(IndexingError) {
    file = try CacheFile(
      path: path,
      identity: ScanCache.schema + repository.digest.bytes,
      tables: ["folders", "sessions", "counters"],
      durability: .relaxed
    )
    folders = file.tables[0]
    sessions = file.tables[1]
    counters = file.tables[2]
  }

  /// A new number for the rows of one backup.
  package func beginSession() throws(IndexingError) -> UInt64 {
    try file.write { transaction in
      let key = ScanCache.nextSession
      let number = try transaction.get(key, in: counters)?.bigEndianNumber ?? 1
      try transaction.put((number &+ 1).bigEndianBytes, for: key, in: counters)
      return number
    }
  }

  /// Binds a session to its snapshot, once the record is durable.
  package func bind(
    _ session: UInt64,
    to record: RecordID,
    in store: StoreID
  ) throws(IndexingError) {
    try flush()
    let row = store.bytes + record.digest.bytes
    try file.write { try $0.put(row, for: session.bigEndianBytes, in: sessions) }
  }

  /// Sessions whose snapshot in `store` passes `isLive`: their rows need no further proof.
  package func liveSessions(
    in store: StoreID,
    isLive: (RecordID) -> Bool
  ) throws(IndexingError) -> Set<UInt64> {
    try file.read { transaction in
      var live: Set<UInt64> = []
      unsafe try transaction.forEach(in: sessions) { key, value in
        let bytes = unsafe Array(value)
        if bytes.count == 48, StoreID(bytes[..<16]) == store, let record = RecordID(bytes[16...]),
          isLive(record)
        {
          live.insert(unsafe Array(key).bigEndianNumber)
        }
        return true
      }
      return live
    }
  }

  /// One page of a folder's rows, in name order; `nil` behind the last.
  package func page(
    _ number: Int,
    of folder: FolderKey
  ) throws(IndexingError) -> (session: UInt64, rows: [CachedEntry])? {
    try file.read { transaction in
      let key = ScanCache.key(folder, number)
      guard let page = try transaction.get(key, in: folders) else { return nil }
      do {
        return try ScanCache.decode(page)
      } catch {
        throw IndexingError.malformedRow(path: file.path)
      }
    }
  }

  /// Replaces pages of a folder's rows; they are written together with others.
  ///
  /// With a `pageCount`, later pages are removed.
  package func replace(
    _ folder: FolderKey,
    pages: [FolderRows.Page],
    pageCount: Int?
  ) throws(IndexingError) {
    let byteCount = pages.reduce(64) { $0 + $1.bytes.count }
    let isFull = waiting.withLock { waiting in
      waiting.folders.append((key: folder, pages: pages, pageCount: pageCount))
      waiting.byteCount += byteCount
      return waiting.byteCount >= ScanCache.waitingByteLimit
    }
    if isFull { try flush() }
  }

  /// Writes what waits.
  package func flush() throws(IndexingError) {
    let ready = waiting.withLock { waiting in
      defer { waiting = Waiting() }
      return waiting.folders
    }
    guard !ready.isEmpty else { return }
    try file.write { transaction in
      for (folder, pages, pageCount) in ready {
        for page in pages {
          try transaction.put(page.bytes, for: ScanCache.key(folder, page.number), in: folders)
        }
        guard var stale = pageCount else { continue }
        while try transaction.delete(ScanCache.key(folder, stale), in: folders) { stale += 1 }
      }
    }
  }

  private static func key(_ folder: FolderKey, _ page: Int) -> [UInt8] {
    folder.bytes + UInt64(page).bigEndianBytes
  }

  static func encode(session: UInt64, rows: [CachedEntry]) -> [UInt8] {
    var writer = ByteWriter(capacity: rows.count * 200)
    writer.write(session)
    writer.write(UInt32(rows.count))
    for row in rows {
      writer.write(UInt16(row.name.count))
      writer.write(contentsOf: row.name)
      writer.write(row.identity.inode)
      writer.write(row.identity.size)
      for time in [row.identity.modified, row.identity.changed] {
        writer.write(UInt64(bitPattern: time.seconds))
        writer.write(time.nanoseconds)
      }
      writer.write(UInt32(row.encoded.count))
      writer.write(contentsOf: row.encoded)
    }
    return writer.bytes
  }

  private static func decode(
    _ page: [UInt8]
  ) throws(TruncatedInput) -> (
    session: UInt64, rows: [CachedEntry]
  ) {
    var reader = ByteReader(page)
    let session = try reader.readUInt64()
    let count = Int(try reader.readUInt32())
    var rows: [CachedEntry] = []
    rows.reserveCapacity(min(count, rowsOfPage))
    for _ in 0..<count {
      let name = Array(try reader.read(Int(try reader.readUInt16())))
      let inode = try reader.readUInt64()
      let size = try reader.readUInt64()
      let modified = PointInTime(
        seconds: Int64(bitPattern: try reader.readUInt64()),
        nanoseconds: try reader.readUInt32()
      )
      let changed = PointInTime(
        seconds: Int64(bitPattern: try reader.readUInt64()),
        nanoseconds: try reader.readUInt32()
      )
      let encoded = Array(try reader.read(Int(try reader.readUInt32())))
      rows.append(
        CachedEntry(
          name: name,
          identity: FileIdentity(inode: inode, size: size, modified: modified, changed: changed),
          encoded: encoded
        )
      )
    }
    return (session, rows)
  }
}
