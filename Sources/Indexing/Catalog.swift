package import CoreTypes
import LMDB
import Packing

/// Where a chunk stands: an object that is known to hold it, and its place among that object's chunks.
package struct ChunkPlace: Equatable, Sendable {
  package let object: ObjectID
  /// Small number of the object in this catalog, good as a key of tables in memory.
  package let ordinal: UInt64
  package let position: Int
}

/// What is in objects: chunk → objects known to hold it.
///
/// Timeless facts: whether a store has the object is the index's answer. Holds chunk ids, so it
/// stays on machines with the key.
///
/// Tables: `chunks` (chunk id → rows of ordinal u64 and position u32), `objects` (ordinal → object id), `ordinals` (the reverse), `packs`
/// (packs whose objects are all entered), `meta`.
package final class Catalog: Sendable {
  private let environment: Environment
  private let chunks: Database
  private let objects: Database
  private let ordinals: Database
  private let packs: Database
  private let meta: Database
  /// The LMDB folder.
  package let path: String

  private static let schema: [UInt8] = [1]
  private static let schemaKey = Array("schema".utf8)
  private static let rowByteCount = 12
  /// Chunks entered in one transaction at most.
  private static let batch = 4096

  /// Opens or makes the catalog in the folder `path`; one of another schema or repository is emptied.
  package init(path: String, repository: RepositoryID) throws(IndexingError) {
    self.path = path
    do {
      environment = try Environment(
        directory: path,
        mapByteCount: IndexLimits.mapByteCount,
        databases: 8
      )
      let handles = try environment.databases(["chunks", "objects", "ordinals", "packs", "meta"])
      chunks = handles[0]
      objects = handles[1]
      ordinals = handles[2]
      packs = handles[3]
      meta = handles[4]
      let identity = Catalog.schema + repository.digest.bytes
      let all = handles
      try environment.write { transaction in
        if try transaction.get(Catalog.schemaKey, in: all[4]) != identity {
          for table in all { try transaction.clear(table) }
          try transaction.put(identity, for: Catalog.schemaKey, in: all[4])
        }
      }
    } catch {
      throw .database(path: path, LMDBError(error))
    }
  }

  /// Objects known to hold the chunk.
  package func places(of chunk: ChunkID) throws(IndexingError) -> [ChunkPlace] {
    var places: [ChunkPlace] = []
    var isMalformed = false
    try read { transaction in
      guard let rows = try transaction.get(chunk.digest.bytes, in: self.chunks) else { return }
      var reader = ByteReader(rows)
      while reader.remaining >= Catalog.rowByteCount {
        let ordinal = try reader.readUInt64()
        let position = Int(try reader.readUInt32())
        guard let bytes = try transaction.get(ordinal.bigEndianBytes, in: self.objects),
          let object = ObjectID(bytes)
        else {
          isMalformed = true
          return
        }
        places.append(ChunkPlace(object: object, ordinal: ordinal, position: position))
      }
    }
    guard !isMalformed else { throw .malformedRow(path: path) }
    return places
  }

  /// True if all objects of the pack were entered.
  package func knows(_ pack: PackID) throws(IndexingError) -> Bool {
    var known = false
    try read { known = try $0.get(pack.digest.bytes, in: self.packs) != nil }
    return known
  }

  /// Packs of `all` that were not entered yet.
  package func unknown(of all: [PackID]) throws(IndexingError) -> [PackID] {
    var unknown: [PackID] = []
    try read { transaction in
      for pack in all where try transaction.get(pack.digest.bytes, in: self.packs) == nil {
        unknown.append(pack)
      }
    }
    return unknown
  }

  /// Enters the objects of a pack.
  ///
  /// Entering it twice changes nothing.
  package func insert(
    _ pack: PackID,
    objects list: [(id: ObjectID, chunkIDs: [ChunkID])]
  )
    throws(IndexingError)
  {
    var start = 0
    while start < list.count {
      var end = start
      var chunkCount = 0
      while end < list.count, end == start || chunkCount < Catalog.batch {
        chunkCount += list[end].chunkIDs.count
        end += 1
      }
      let part = list[start..<end]
      try write { transaction in
        var rows: [(chunk: ChunkID, row: [UInt8])] = []
        for object in part {
          let ordinal = try self.ordinal(of: object.id, in: transaction)
          for (position, chunk) in object.chunkIDs.enumerated() {
            var row = ByteWriter(capacity: Catalog.rowByteCount)
            row.write(ordinal)
            row.write(UInt32(position))
            rows.append((chunk: chunk, row: row.bytes))
          }
        }
        // Sorted keys touch each page of the tree once.
        rows.sort { $0.chunk < $1.chunk }
        for (chunk, row) in rows { try self.add(row, to: chunk, in: transaction) }
      }
      start = end
    }
    try write { try $0.put([], for: pack.digest.bytes, in: self.packs) }
  }

  private func ordinal(
    of object: ObjectID,
    in transaction: borrowing WriteTransaction
  ) throws
    -> UInt64
  {
    let key = object.digest.bytes
    if let known = try transaction.get(key, in: ordinals) { return known.bigEndianNumber }
    let next = try transaction.lastKey(in: objects).map { $0.bigEndianNumber + 1 } ?? 1
    try transaction.put(key, for: next.bigEndianBytes, in: objects)
    try transaction.put(next.bigEndianBytes, for: key, in: ordinals)
    return next
  }

  private func add(
    _ row: [UInt8],
    to chunk: ChunkID,
    in transaction: borrowing WriteTransaction
  )
    throws
  {
    let key = chunk.digest.bytes
    guard let there = try transaction.get(key, in: chunks) else {
      return try transaction.put(row, for: key, in: chunks)
    }
    var start = 0
    while start < there.count {
      if there[start..<min(start + row.count, there.count)].elementsEqual(row) { return }
      start += row.count
    }
    try transaction.put(there + row, for: key, in: chunks)
  }

  private func read(_ body: (borrowing ReadTransaction) throws -> Void) throws(IndexingError) {
    do {
      try environment.read(body)
    } catch {
      throw .database(path: path, LMDBError(error))
    }
  }

  private func write(
    _ body: (borrowing WriteTransaction) throws -> Void
  )
    throws(IndexingError)
  {
    do {
      try environment.write(body)
    } catch {
      throw .database(path: path, LMDBError(error))
    }
  }
}
