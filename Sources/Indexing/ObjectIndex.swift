package import CoreTypes
import LMDB
package import Packing

/// What one store has: object → pack and place.
///
/// Nothing in it is secret, and all of it can be rebuilt.
///
/// Tables: `objects` (object id → location), `packs` (pack id → sequence, bytes), `sequence` (ingest sequence → pack id), `damaged`
/// (object id → why), `claimed` (object id → nothing), `records` (records whose objects are claimed).
package final class ObjectIndex: Sendable {
  /// The LMDB file.
  package let file: CacheFile
  private let objects: Database
  private let packs: Database
  private let sequence: Database
  private let damaged: Database
  private let claimed: Database
  private let records: Database

  private static let schema: [UInt8] = [2]
  private static let batch = 2000

  /// Opens or makes the index in the folder `path`; an index of another schema or store is emptied.
  package init(path: String, store: StoreID) throws(IndexingError) {
    file = try CacheFile(
      path: path,
      identity: ObjectIndex.schema + store.bytes,
      tables: ["objects", "packs", "sequence", "damaged", "claimed", "records"]
    )
    objects = file.tables[0]
    packs = file.tables[1]
    sequence = file.tables[2]
    damaged = file.tables[3]
    claimed = file.tables[4]
    records = file.tables[5]
  }

  /// Enters a pack; its objects are present from now on.
  ///
  /// Entering it twice changes nothing.
  package func insert(_ pack: PackID, places: [ObjectPlace]) throws(IndexingError) {
    try insert([(pack: pack, places: places)])
  }

  /// Enters packs, up to 2,000 objects and packs in one transaction: of an object that is in several, the last one counts.
  package func insert(_ packs: [(pack: PackID, places: [ObjectPlace])]) throws(IndexingError) {
    guard !packs.isEmpty else { return }
    var rows: [ObjectLocation] = []
    rows.reserveCapacity(packs.reduce(0) { $0 + $1.places.count })
    for (pack, places) in packs {
      for place in places { rows.append(ObjectLocation(pack: pack, place: place)) }
    }
    // Neighbours in the table stand on one page, so fewer pages are written.
    let order = rows.indices.sorted { left, right in
      let (first, second) = (rows[left].place.id, rows[right].place.id)
      return first != second ? first < second : left < right
    }
    guard max(rows.count, packs.count) > ObjectIndex.batch else {
      return try file.write { transaction in
        for position in order { try put(rows[position], transaction) }
        for (pack, places) in packs { try put(pack, places, transaction) }
      }
    }
    // The packs' own rows come last: a crash between leaves rows that the next opening writes again.
    try file.write(order, atMost: ObjectIndex.batch) { try put(rows[$1], $0) }
    try file.write(packs, atMost: ObjectIndex.batch) { try put($1.pack, $1.places, $0) }
  }

  private func put(
    _ row: ObjectLocation,
    _ transaction: borrowing WriteTransaction
  ) throws(LMDBError) {
    try transaction.put(row.encoded, for: row.place.id.digest.bytes, in: objects)
  }

  /// The pack's own row, and its number.
  private func put(
    _ pack: PackID,
    _ places: [ObjectPlace],
    _ transaction: borrowing WriteTransaction
  ) throws(LMDBError) {
    let key = pack.digest.bytes
    guard try !transaction.contains(key, in: packs) else { return }
    let next = try transaction.lastKey(in: sequence).map { $0.bigEndianNumber &+ 1 } ?? 1
    let byteCount = UInt64(clamping: PackTrailer.packByteCount(of: places))
    let row = next.bigEndianBytes + byteCount.bigEndianBytes
    try transaction.put(row, for: key, in: packs)
    try transaction.put(key, for: next.bigEndianBytes, in: sequence)
  }

  /// Takes a pack out, and returns the objects that are absent from now on.
  package func remove(_ pack: PackID) throws(IndexingError) -> [ObjectID] {
    var ids: [ObjectID] = []
    try forEachObject { if $0.pack == pack { ids.append($0.place.id) } }
    try file.write(ids, atMost: ObjectIndex.batch) { transaction, id in
      _ = try transaction.delete(id.digest.bytes, in: objects)
    }
    try file.write { transaction in
      let key = pack.digest.bytes
      if let row = try transaction.get(key, in: packs) {
        _ = try transaction.delete(Array(row.prefix(8)), in: sequence)
        _ = try transaction.delete(key, in: packs)
      }
    }
    return ids
  }

  /// Where the object is; `nil` if this store lacks it.
  package func location(of object: ObjectID) throws(IndexingError) -> ObjectLocation? {
    try file.read { transaction in
      guard let row = try transaction.get(object.digest.bytes, in: objects) else { return nil }
      return try location(row, of: object)
    }
  }

  private func location(_ row: [UInt8], of object: ObjectID?) throws -> ObjectLocation {
    guard let object, let location = ObjectLocation(decoding: row, object: object) else {
      throw IndexingError.malformedRow(path: file.path)
    }
    return location
  }

  /// True if the object is present and not known to be damaged: what deduplication asks.
  package func isUsable(_ object: ObjectID) throws(IndexingError) -> Bool {
    let key = object.digest.bytes
    return try file.read { transaction in
      try transaction.contains(key, in: objects) && !isDamaged(key, transaction)
    }
  }

  /// True if an object that is there is marked as damaged: that it was missing once means nothing then.
  private func isDamaged(_ key: [UInt8], _ transaction: borrowing ReadTransaction) throws -> Bool {
    try transaction.get(key, in: damaged).map { $0 != Mark.missing } ?? false
  }

  /// Where the object is; `nil` if this store lacks it or knows it to be damaged.
  package func usableLocation(of object: ObjectID) throws(IndexingError) -> ObjectLocation? {
    let key = object.digest.bytes
    return try file.read { transaction in
      guard let row = try transaction.get(key, in: objects),
        try !isDamaged(key, transaction)
      else { return nil }
      return try location(row, of: object)
    }
  }

  /// Calls `body` with each name, and where its object is: `nil` if this store lacks it or knows it to be damaged.
  package func forEachLocation(
    of names: some RandomAccessCollection<Digest>,
    _ body: (_ name: Digest, _ location: ObjectLocation?) -> Void
  ) throws(IndexingError) {
    var rest = names[...]
    while !rest.isEmpty {
      let part = rest.prefix(ObjectIndex.batch)
      rest = rest.dropFirst(ObjectIndex.batch)
      try file.read { transaction in
        for name in part {
          let key = name.bytes
          guard let row = try transaction.get(key, in: objects),
            try !isDamaged(key, transaction)
          else {
            body(name, nil)
            continue
          }
          body(name, try location(row, of: ObjectID(name)))
        }
      }
    }
  }

  /// Those of `ids` that this store lacks, in their order.
  package func absent(of ids: [ObjectID]) throws(IndexingError) -> [ObjectID] {
    var absent: [ObjectID] = []
    var start = 0
    while start < ids.count {
      let end = min(start + ObjectIndex.batch, ids.count)
      try file.read { transaction in
        for id in ids[start..<end] where try !transaction.contains(id.digest.bytes, in: objects) {
          absent.append(id)
        }
      }
      start = end
    }
    return absent
  }

  /// All packs, with the sequence in which they were entered, ascending.
  package func allPacks() throws(IndexingError) -> [(sequence: UInt64, pack: PackID)] {
    try file.read { transaction in
      var all: [(sequence: UInt64, pack: PackID)] = []
      unsafe try transaction.forEach(in: sequence) { key, value in
        guard let pack = PackID(unsafe Array(value)) else {
          throw IndexingError.malformedRow(path: file.path)
        }
        all.append((sequence: unsafe Array(key).bigEndianNumber, pack: pack))
        return true
      }
      return all
    }
  }

  /// How long each pack is if nothing became of it, where the index knows.
  package func packByteCounts() throws(IndexingError) -> [(pack: PackID, byteCount: Int)] {
    try file.read { transaction in
      var all: [(pack: PackID, byteCount: Int)] = []
      unsafe try transaction.forEach(in: packs) { key, value in
        guard let pack = PackID(unsafe Array(key)) else {
          throw IndexingError.malformedRow(path: file.path)
        }
        // Rows of a while ago do not say; an index that was made anew for it would forget what is damaged.
        guard value.count == 16 else { return true }
        let byteCount = unsafe Array(value[(value.startIndex + 8)...]).bigEndianNumber
        all.append((pack: pack, byteCount: Int(clamping: byteCount)))
        return true
      }
      return all
    }
  }

  /// Calls `body` with every object and its location, in order of id.
  package func forEachObject(_ body: (ObjectLocation) -> Void) throws(IndexingError) {
    try file.read { transaction in
      unsafe try transaction.forEach(in: objects) { key, value in
        body(try location(unsafe Array(value), of: ObjectID(unsafe Array(key))))
        return true
      }
    }
  }

  /// The ids of all objects, ascending: 32 bytes of memory each.
  package func objectIDs() throws(IndexingError) -> [ObjectID] {
    try file.read { transaction in
      var ids: [ObjectID] = []
      ids.reserveCapacity(try transaction.count(of: objects))
      unsafe try transaction.forEach(in: objects) { key, _ in
        if let id = unsafe ObjectID(key) { ids.append(id) }
        return true
      }
      return ids
    }
  }

  /// Number of objects.
  package func objectCount() throws(IndexingError) -> Int {
    try file.read { try $0.count(of: objects) }
  }

  // MARK: Damage

  /// Why an object is marked.
  private enum Mark {
    static let damaged: [UInt8] = []
    static let missing: [UInt8] = [1]
    static let unreadable: [UInt8] = [2]
  }

  /// Marks objects as damaged: absent for deduplication, until they are stored anew.
  package func markDamaged(_ objects: some Sequence<ObjectID>) throws(IndexingError) {
    try file.write { transaction in
      for object in objects {
        try transaction.put(Mark.damaged, for: object.digest.bytes, in: damaged)
      }
    }
  }

  /// Marks objects that should be there and are not; the mark means nothing once they are.
  package func markMissing(_ objects: some Sequence<ObjectID>) throws(IndexingError) {
    try file.write { transaction in
      for object in objects {
        let key = object.digest.bytes
        guard try !transaction.contains(key, in: damaged) else { continue }
        try transaction.put(Mark.missing, for: key, in: damaged)
      }
    }
  }

  /// Marks objects that could not be read: absent for deduplication, until they can be read again.
  package func markUnreadable(_ objects: some Sequence<ObjectID>) throws(IndexingError) {
    try file.write { transaction in
      for object in objects {
        let key = object.digest.bytes
        guard try transaction.get(key, in: damaged) != Mark.damaged else { continue }
        try transaction.put(Mark.unreadable, for: key, in: damaged)
      }
    }
  }

  /// Objects that could not be read when somebody tried last.
  package func unreadableObjects() throws(IndexingError) -> [ObjectID] {
    try file.read { transaction in
      var ids: [ObjectID] = []
      unsafe try transaction.forEach(in: damaged) { key, value in
        guard unsafe value.elementsEqual(Mark.unreadable), let id = unsafe ObjectID(Array(key))
        else { return true }
        ids.append(id)
        return true
      }
      return ids
    }
  }

  /// Forgets the marks of objects that a check has found sound.
  package func clearDamage() throws(IndexingError) {
    try file.write { try $0.clear(damaged) }
  }

  /// Forgets the marks of objects that were stored anew.
  package func clearDamage(of objects: some Sequence<ObjectID>) throws(IndexingError) {
    guard try file.read({ try $0.count(of: damaged) }) > 0 else { return }
    try file.write { transaction in
      for object in objects { _ = try transaction.delete(object.digest.bytes, in: damaged) }
    }
  }

  /// Objects marked as damaged, and those marked as missing that still are.
  package func damagedObjects() throws(IndexingError) -> [ObjectID] {
    try file.read { transaction in
      var ids: [ObjectID] = []
      unsafe try transaction.forEach(in: damaged) { key, value in
        let isBack =
          unsafe try value.elementsEqual(Mark.missing)
          && transaction.contains(Array(key), in: objects)
        if !isBack, let id = ObjectID(unsafe Array(key)) { ids.append(id) }
        return true
      }
      return ids
    }
  }

  // MARK: Claims of the log

  /// True if some record of the store's log adds the object.
  package func isClaimed(_ object: ObjectID) throws(IndexingError) -> Bool {
    try file.read { try $0.contains(object.digest.bytes, in: claimed) }
  }

  /// True if the record's `adds` were entered.
  package func knowsRecord(_ record: RecordID) throws(IndexingError) -> Bool {
    try file.read { try $0.contains(record.digest.bytes, in: records) }
  }

  /// Enters objects that a record adds, before the record itself.
  package func claim(_ adds: [ObjectID]) throws(IndexingError) {
    try file.write(adds, atMost: ObjectIndex.batch) { transaction, id in
      try transaction.put([], for: id.digest.bytes, in: claimed)
    }
  }

  /// Enters a record of which all that it adds was claimed.
  package func enter(_ record: RecordID) throws(IndexingError) {
    try file.write { try $0.put([], for: record.digest.bytes, in: records) }
  }
}
