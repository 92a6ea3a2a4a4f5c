internal import CLMDB

extension Transaction where Self: ~Copyable {
  /// A copy of the value; `nil` if the key is not there.
  package func get(_ key: UInt64, in database: IntegerDatabase) throws(LMDBError) -> [UInt8]? {
    let found = unsafe try Rows.key(key) { (key) throws(LMDBError) in
      unsafe try Rows.find(handle, database.handle, key)
    }
    return unsafe found.map { unsafe Array($0) }
  }

  /// Lends the value without a copy; `nil` if the key is not there, and `body` is not called.
  ///
  /// The bytes lie in the map, are valid during the call only, and have no alignment.
  package func withValue<Result>(
    for key: UInt64,
    in database: IntegerDatabase,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result? {
    let found = unsafe try Rows.key(key) { (key) throws(LMDBError) in
      unsafe try Rows.find(handle, database.handle, key)
    }
    guard let found = unsafe found else { return nil }
    return unsafe try body(found)
  }

  /// Number of rows.
  package func count(of database: IntegerDatabase) throws(LMDBError) -> Int {
    try Rows.count(handle, database.handle)
  }

  /// The largest key; `nil` if the table is empty.
  package func lastKey(in database: IntegerDatabase) throws(LMDBError) -> UInt64? {
    let cursor = try Cursor(handle, database.handle)
    guard let row = unsafe try cursor.move(MDB_LAST) else { return nil }
    return unsafe try Rows.number(row.key)
  }

  /// Calls `body` with the keys and values from `start` on, in order, until it returns false.
  ///
  /// The bytes are valid during the call only. `body` must not change the table.
  package func forEach(
    in database: IntegerDatabase,
    from start: UInt64 = 0,
    _ body: (_ key: UInt64, _ value: UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    let cursor = try Cursor(handle, database.handle)
    var row: Row? = unsafe try Rows.key(start) { (key) throws(LMDBError) in
      unsafe try cursor.move(MDB_SET_RANGE, key)
    }
    while let found = unsafe row {
      guard try unsafe body(Rows.number(found.key), found.value) else { return }
      unsafe row = try cursor.move(MDB_NEXT)
    }
  }
}

extension WriteTransaction {
  /// Sets the value of a key, whether it was there or not.
  package func put(
    _ value: [UInt8],
    for key: UInt64,
    in database: IntegerDatabase
  ) throws(LMDBError) {
    _ = try put(value, key, database, flags: 0)
  }

  /// Sets the value of a key that is not there; false, and nothing changes, if it is.
  package func insert(
    _ value: [UInt8],
    for key: UInt64,
    in database: IntegerDatabase
  ) throws(LMDBError) -> Bool {
    try put(value, key, database, flags: MDB_NOOVERWRITE)
  }

  /// Sets the value of a key that is larger than all others; throws `keyOrder` if it is not.
  package func append(
    _ value: [UInt8],
    for key: UInt64,
    in database: IntegerDatabase
  ) throws(LMDBError) {
    _ = try put(value, key, database, flags: MDB_APPEND)
  }

  /// Removes a key; false if it was not there.
  package func delete(_ key: UInt64, in database: IntegerDatabase) throws(LMDBError) -> Bool {
    unsafe try Rows.key(key) { (key) throws(LMDBError) in
      unsafe try Rows.delete(handle, database.handle, key)
    }
  }

  /// Removes all rows.
  package func clear(_ database: IntegerDatabase) throws(LMDBError) {
    try LMDBError.check(unsafe mdb_drop(handle.pointer, database.handle, 0), "mdb_drop")
  }

  private func put(
    _ value: [UInt8],
    _ key: UInt64,
    _ database: IntegerDatabase,
    flags: Int32
  ) throws(LMDBError) -> Bool {
    unsafe try Rows.key(key) { (key) throws(LMDBError) in
      unsafe try value.span.withUnsafeBytes { (value) throws(LMDBError) in
        unsafe try Rows.put(handle, database.handle, key, value, flags: flags)
      }
    }
  }
}

extension Rows {
  /// Lends a number as a key.
  static func key<Result>(
    _ key: UInt64,
    _ body: (UnsafeRawBufferPointer) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    unsafe try withUnsafeBytes(of: key) { (key) throws(LMDBError) in unsafe try body(key) }
  }

  /// The number that a key is; a key of another width cannot be in a sound table.
  static func number(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> UInt64 {
    guard key.count == MemoryLayout<UInt64>.size else {
      throw .corrupted("a number of \(key.count) bytes as key")
    }
    return unsafe key.loadUnaligned(as: UInt64.self)
  }
}
