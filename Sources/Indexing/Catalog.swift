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
/// (packs whose objects are all entered).
package final class Catalog: Sendable {
  /// The LMDB file.
  package let file: CacheFile
  private let chunks: Database
  private let objects: Database
  private let ordinals: Database
  private let packs: Database

  private static let schema: [UInt8] = [2]
  private static let rowByteCount = 12
  /// Chunks entered in one transaction at most.
  private static let batch = 4096

  /// Opens or makes the catalog in the folder `path`; one of another schema or repository is emptied.
  package init(path: String, repository: RepositoryID) throws(IndexingError) {
    file = try CacheFile(
      path: path,
      identity: Catalog.schema + repository.digest.bytes,
      tables: ["chunks", "objects", "ordinals", "packs"]
    )
    chunks = file.tables[0]
    objects = file.tables[1]
    ordinals = file.tables[2]
    packs = file.tables[3]
  }

  /// Objects known to hold the chunk.
  package func places(of chunk: ChunkID) throws(IndexingError) -> [ChunkPlace] {
    try file.read { transaction in
      guard let rows = try transaction.get(chunk.digest.bytes, in: chunks) else { return [] }
      return try places(rows, in: transaction)
    }
  }

  private func places(
    _ rows: [UInt8],
    in transaction: borrowing ReadTransaction
  ) throws -> [ChunkPlace] {
    var places: [ChunkPlace] = []
    var reader = ByteReader(rows)
    while reader.remaining >= Catalog.rowByteCount {
      let ordinal = try reader.readUInt64()
      let position = Int(try reader.readUInt32())
      guard let bytes = try transaction.get(ordinal.bigEndianBytes, in: objects),
        let object = ObjectID(bytes)
      else { throw IndexingError.malformedRow(path: file.path) }
      places.append(ChunkPlace(object: object, ordinal: ordinal, position: position))
    }
    return places
  }

  /// Those of `objects` of which it is known what they hold, by number.
  package func known(_ objects: [ObjectID]) throws(IndexingError) -> [UInt64: ObjectID] {
    try file.read { transaction in
      var known: [UInt64: ObjectID] = [:]
      for object in objects {
        guard let ordinal = try transaction.get(object.digest.bytes, in: ordinals) else { continue }
        known[ordinal.bigEndianNumber] = object
      }
      return known
    }
  }

  /// Calls `body` with each chunk that one of the objects of these numbers holds, and all places that it is known to have.
  ///
  /// Reads every row: for repairs.
  package func forEachChunk(
    heldBy numbers: Set<UInt64>,
    _ body: (_ chunk: ChunkID, _ places: [ChunkPlace]) throws -> Void
  ) throws(IndexingError) {
    try file.read { transaction in
      unsafe try transaction.forEach(in: chunks) { key, value in
        let rows = unsafe Array(value)
        var isHeld = false
        var reader = ByteReader(rows)
        while !isHeld, reader.remaining >= Catalog.rowByteCount {
          isHeld = numbers.contains(try reader.readUInt64())
          _ = try reader.readUInt32()
        }
        guard isHeld else { return true }
        guard let chunk = unsafe ChunkID(Array(key)) else {
          throw IndexingError.malformedRow(path: file.path)
        }
        try body(chunk, try places(rows, in: transaction))
        return true
      }
    }
  }

  /// True if all objects of the pack were entered.
  package func knows(_ pack: PackID) throws(IndexingError) -> Bool {
    try file.read { try $0.contains(pack.digest.bytes, in: packs) }
  }

  /// Packs of `all` that were not entered yet.
  package func unknown(of all: [PackID]) throws(IndexingError) -> [PackID] {
    try file.read { transaction in
      try all.filter { try !transaction.contains($0.digest.bytes, in: packs) }
    }
  }

  /// Enters all objects of a pack, which is known from then on.
  ///
  /// Entering it twice changes nothing.
  package func insert(
    _ pack: PackID,
    objects list: [(id: ObjectID, chunkIDs: [ChunkID])]
  ) throws(IndexingError) {
    try insert(objects: list)
    try file.write { try $0.put([], for: pack.digest.bytes, in: packs) }
  }

  /// Enters some objects of a pack of which others could not be read: it stays unknown, since they may be there again.
  package func insert(
    objects list: [(id: ObjectID, chunkIDs: [ChunkID])]
  ) throws(IndexingError) {
    var start = 0
    while start < list.count {
      var end = start
      var chunkCount = 0
      while end < list.count, end == start || chunkCount < Catalog.batch {
        chunkCount += list[end].chunkIDs.count
        end += 1
      }
      let part = list[start..<end]
      try file.write { transaction in
        var rows: [(chunk: ChunkID, row: [UInt8])] = []
        for object in part {
          let ordinal = try ordinal(of: object.id, in: transaction)
          for (position, chunk) in object.chunkIDs.enumerated() {
            var row = ByteWriter(capacity: Catalog.rowByteCount)
            row.write(ordinal)
            row.write(UInt32(position))
            rows.append((chunk: chunk, row: row.bytes))
          }
        }
        // Sorted keys touch each page of the tree once.
        rows.sort { $0.chunk < $1.chunk }
        for (chunk, row) in rows { try add(row, to: chunk, in: transaction) }
      }
      start = end
    }
  }

  private func ordinal(
    of object: ObjectID,
    in transaction: borrowing WriteTransaction
  ) throws -> UInt64 {
    let key = object.digest.bytes
    if let known = try transaction.get(key, in: ordinals) { return known.bigEndianNumber }
    let next = try transaction.lastKey(in: objects).map { $0.bigEndianNumber &+ 1 } ?? 1
    try transaction.put(key, for: next.bigEndianBytes, in: objects)
    try transaction.put(next.bigEndianBytes, for: key, in: ordinals)
    return next
  }

  private func add(
    _ row: [UInt8],
    to chunk: ChunkID,
    in transaction: borrowing WriteTransaction
  ) throws {
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
}
