package import CoreTypes
import LMDB
package import Packing

/// What one store has: object → pack and place.
///
/// Nothing in it is secret, and all of it can be rebuilt.
///
/// Tables: `objects` (object id → location), `packs` (pack id → sequence), `sequence` (ingest sequence → pack id), `damaged` and
/// `claimed` (object id → nothing), `meta`.
package final class ObjectIndex: Sendable {
  private let environment: Environment
  private let objects: Database
  private let packs: Database
  private let sequence: Database
  private let damaged: Database
  private let claimed: Database
  private let meta: Database
  /// The LMDB folder.
  package let path: String

  private static let schema: [UInt8] = [1]
  private static let schemaKey = Array("schema".utf8)
  private static let batch = 2000

  /// Opens or makes the index in the folder `path`; an index of another schema or store is emptied.
  package init(path: String, store: StoreID) throws(IndexingError) {
    self.path = path
    do {
      environment = try Environment(
        directory: path,
        mapByteCount: IndexLimits.mapByteCount,
        databases: 8
      )
      let handles = try environment.databases([
        "objects", "packs", "sequence", "damaged", "claimed", "meta",
      ])
      objects = handles[0]
      packs = handles[1]
      sequence = handles[2]
      damaged = handles[3]
      claimed = handles[4]
      meta = handles[5]
      let identity = ObjectIndex.schema + store.bytes
      let all = handles
      try environment.write { transaction in
        if try transaction.get(ObjectIndex.schemaKey, in: all[5]) != identity {
          for table in all { try transaction.clear(table) }
          try transaction.put(identity, for: ObjectIndex.schemaKey, in: all[5])
        }
      }
    } catch {
      throw .database(path: path, LMDBError(error))
    }
  }

  /// Enters a pack; its objects are present from now on.
  ///
  /// Entering it twice changes nothing.
  package func insert(_ pack: PackID, places: [ObjectPlace]) throws(IndexingError) {
    var start = 0
    // The pack's own row comes last: a crash between leaves rows that the next opening writes again.
    while start < places.count {
      let part = places[start..<min(start + ObjectIndex.batch, places.count)]
      try write { transaction in
        for place in part {
          try transaction.put(
            ObjectLocation(pack: pack, place: place).encoded,
            for: place.id.digest.bytes,
            in: self.objects
          )
        }
      }
      start += part.count
    }
    try write { transaction in
      let key = pack.digest.bytes
      guard try transaction.get(key, in: self.packs) == nil else { return }
      let next = try transaction.lastKey(in: self.sequence).map { $0.bigEndianNumber + 1 } ?? 1
      try transaction.put(next.bigEndianBytes, for: key, in: self.packs)
      try transaction.put(key, for: next.bigEndianBytes, in: self.sequence)
    }
  }

  /// Takes a pack out, and returns the objects that are absent from now on.
  package func remove(_ pack: PackID) throws(IndexingError) -> [ObjectID] {
    var ids: [[UInt8]] = []
    let wanted = pack.digest.bytes
    try read { transaction in
      unsafe try transaction.forEach(in: self.objects) { key, value in
        if unsafe value.prefix(32).elementsEqual(wanted) { ids.append(unsafe Array(key)) }
        return true
      }
    }
    var start = 0
    while start < ids.count {
      let part = ids[start..<min(start + ObjectIndex.batch, ids.count)]
      try write { transaction in
        for id in part { _ = try transaction.delete(id, in: self.objects) }
      }
      start += part.count
    }
    try write { transaction in
      if let number = try transaction.get(wanted, in: self.packs) {
        _ = try transaction.delete(number, in: self.sequence)
        _ = try transaction.delete(wanted, in: self.packs)
      }
    }
    return ids.compactMap { ObjectID($0) }
  }

  /// Where the object is; `nil` if this store lacks it.
  package func location(of object: ObjectID) throws(IndexingError) -> ObjectLocation? {
    var row: [UInt8]?
    try read { row = try $0.get(object.digest.bytes, in: self.objects) }
    guard let row else { return nil }
    guard let location = ObjectLocation(decoding: row, object: object) else {
      throw .malformedRow(path: path)
    }
    return location
  }

  /// True if the object is present and not known to be damaged: what deduplication asks.
  package func isUsable(_ object: ObjectID) throws(IndexingError) -> Bool {
    let key = object.digest.bytes
    var usable = false
    try read { transaction in
      usable =
        try transaction.get(key, in: self.objects) != nil
        && transaction.get(key, in: self.damaged) == nil
    }
    return usable
  }

  /// All packs, with the sequence in which they were entered, ascending.
  package func allPacks() throws(IndexingError) -> [(sequence: UInt64, pack: PackID)] {
    var all: [(sequence: UInt64, pack: PackID)] = []
    try read { transaction in
      unsafe try transaction.forEach(in: self.sequence) { key, value in
        if let pack = PackID(unsafe Array(value)) {
          all.append((sequence: unsafe Array(key).bigEndianNumber, pack: pack))
        }
        return true
      }
    }
    return all
  }

  /// Calls `body` with every object and its location, in order of id.
  package func forEachObject(_ body: (ObjectLocation) -> Void) throws(IndexingError) {
    try read { transaction in
      unsafe try transaction.forEach(in: self.objects) { key, value in
        if let id = ObjectID(unsafe Array(key)),
          let location = ObjectLocation(decoding: unsafe Array(value), object: id)
        {
          body(location)
        }
        return true
      }
    }
  }

  /// The ids of all objects, ascending: 32 bytes of memory each.
  package func objectIDs() throws(IndexingError) -> [ObjectID] {
    var ids: [ObjectID] = []
    try read { transaction in
      ids.reserveCapacity(try transaction.count(of: self.objects))
      unsafe try transaction.forEach(in: self.objects) { key, _ in
        if let id = unsafe ObjectID(key) { ids.append(id) }
        return true
      }
    }
    return ids
  }

  /// Number of objects.
  package func objectCount() throws(IndexingError) -> Int {
    var count = 0
    try read { count = try $0.count(of: self.objects) }
    return count
  }

  // MARK: Damage

  /// Marks objects as damaged: absent for deduplication, until they are stored anew.
  package func markDamaged(_ objects: some Sequence<ObjectID>) throws(IndexingError) {
    let keys = objects.map(\.digest.bytes)
    try write { transaction in
      for key in keys { try transaction.put([], for: key, in: self.damaged) }
    }
  }

  /// Forgets the marks of objects that a check has found sound.
  package func clearDamage() throws(IndexingError) {
    try write { try $0.clear(self.damaged) }
  }

  /// Forgets the marks of objects that were stored anew.
  package func clearDamage(of objects: some Sequence<ObjectID>) throws(IndexingError) {
    let keys = objects.map(\.digest.bytes)
    try write { transaction in
      for key in keys { _ = try transaction.delete(key, in: self.damaged) }
    }
  }

  /// Objects marked as damaged.
  package func damagedObjects() throws(IndexingError) -> [ObjectID] {
    var ids: [ObjectID] = []
    try read { transaction in
      unsafe try transaction.forEach(in: self.damaged) { key, _ in
        if let id = ObjectID(unsafe Array(key)) { ids.append(id) }
        return true
      }
    }
    return ids
  }

  // MARK: Claims of the log

  /// True if some record of the store's log adds the object.
  package func isClaimed(_ object: ObjectID) throws(IndexingError) -> Bool {
    var claimed = false
    try read { claimed = try $0.get(object.digest.bytes, in: self.claimed) != nil }
    return claimed
  }

  /// True if the record's `adds` were entered.
  package func knowsRecord(_ record: RecordID) throws(IndexingError) -> Bool {
    var known = false
    try read { known = try $0.get(record.digest.bytes, in: self.meta) != nil }
    return known
  }

  /// Enters what a record adds.
  package func enter(_ record: RecordID, adds: [ObjectID]) throws(IndexingError) {
    var start = 0
    while start < adds.count {
      let part = adds[start..<min(start + ObjectIndex.batch, adds.count)]
      try write { transaction in
        for id in part { try transaction.put([], for: id.digest.bytes, in: self.claimed) }
      }
      start += part.count
    }
    try write { try $0.put([], for: record.digest.bytes, in: self.meta) }
  }

  // MARK: Transactions

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

/// Sizes of the LMDB files.
package enum IndexLimits {
  /// Address space of a map; the file grows only as it is filled.
  package static let mapByteCount = 256 << 30
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
