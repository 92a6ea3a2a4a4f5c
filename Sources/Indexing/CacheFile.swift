import Files
package import LMDB

/// An LMDB file in the cache folder: never the only copy, and never trusted.
///
/// One that is damaged or marked as damaged is made anew when it is opened. Damage that is noticed
/// later is marked, and thrown as an error that `isDamage`: the command is then run once more.
package final class CacheFile: Sendable {
  /// The LMDB folder.
  package let path: String
  /// In the order in which they were named.
  package let tables: [Database]
  private let environment: Environment

  /// Address space of a map: 256 GiB; the file grows only as it is filled.
  private static let mapByteCount = 256 << 30
  private static let identityTable = "identity"
  private static let identityKey = Array("identity".utf8)

  /// Opens the file in the folder `path`, or makes it; what it holds for another identity is removed.
  package init(
    path: String,
    identity: [UInt8],
    tables names: [String],
    durability: Durability = .synced
  ) throws(IndexingError) {
    self.path = path
    do {
      let folder = try LocalFolder(path)
      guard try !folder.isRemote() else { throw IndexingError.networkFileSystem(path: path) }
      (environment, tables) = try folder.locked {
        if try folder.has(CacheFaults.mark) { try folder.empty() }
        do {
          return try CacheFile.open(path, identity, names, durability)
        } catch let error as LMDBError where error.isDamage {
          try folder.empty()
          return try CacheFile.open(path, identity, names, durability)
        }
      }
    } catch let error as IndexingError {
      throw error
    } catch let error as FilesError {
      let reason = LMDBError.system(operation: error.operationName, errno: error.errno)
      throw .database(path: path, error.isNoSpace ? .noSpace : reason)
    } catch {
      throw .database(path: path, CacheFile.explained(LMDBError(error), path))
    }
  }

  private static func open(
    _ path: String,
    _ identity: [UInt8],
    _ names: [String],
    _ durability: Durability
  ) throws(LMDBError) -> (Environment, [Database]) {
    do {
      let environment = try Environment(
        directory: path,
        mapByteCount: mapByteCount,
        databases: names.count + 1,
        durability: durability
      )
      let tables = try environment.databases([identityTable] + names)
      let found = try environment.read { try $0.get(identityKey, in: tables[0]) }
      if found != identity {
        try environment.write { transaction in
          for table in tables { try transaction.clear(table) }
          try transaction.put(identity, for: identityKey, in: tables[0])
        }
      }
      return (environment, Array(tables.dropFirst()))
    } catch {
      throw LMDBError(error)
    }
  }

  /// Reads one state of the file; `body` is to be short.
  package func read<Result>(
    _ body: (borrowing ReadTransaction) throws -> Result
  ) throws(IndexingError) -> Result {
    do {
      return try environment.read(body)
    } catch {
      throw failure(error)
    }
  }

  /// Changes the file: all that `body` does, or, if it throws, nothing.
  package func write<Result>(
    _ body: (borrowing WriteTransaction) throws -> Result
  ) throws(IndexingError) -> Result {
    do {
      return try environment.write(body)
    } catch {
      throw failure(error)
    }
  }

  /// Changes the file in transactions of at most `limit` items each.
  package func write<Item>(
    _ items: [Item],
    atMost limit: Int,
    _ body: (borrowing WriteTransaction, Item) throws -> Void
  ) throws(IndexingError) {
    var start = 0
    while start < items.count {
      let part = items[start..<min(start + limit, items.count)]
      try write { transaction in
        for item in part { try body(transaction, item) }
      }
      start += part.count
    }
  }

  /// Proves every page of the file, once: what it does not know after that is not there.
  package func prove() throws(IndexingError) {
    do {
      try environment.prove()
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: any Error) -> IndexingError {
    let failure =
      error as? IndexingError
      ?? .database(path: path, CacheFile.explained(LMDBError(error), path))
    if failure.isDamage { environment.markSuspect() }
    return failure
  }

  private static func explained(_ error: LMDBError, _ path: String) -> LMDBError {
    error.isFailedWrite && LocalFolder.isFull(path) ? .noSpace : error
  }
}

extension UInt64 {
  /// Eight bytes, most significant first, so that LMDB's order is the numbers'.
  package var bigEndianBytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * UInt64($0))) }
  }
}

extension [UInt8] {
  /// The number that up to eight bytes spell, most significant first.
  package var bigEndianNumber: UInt64 {
    prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
