internal import CLMDB

extension WriteTransaction {
  /// Sets the value of a key, whether it was there or not.
  package func put(
    _ value: [UInt8],
    for key: [UInt8],
    in database: Database
  ) throws(LMDBError) {
    _ = try put(value, key, database, flags: 0)
  }

  /// Sets the value of a key, whether it was there or not.
  package func put(
    _ value: UnsafeRawBufferPointer,
    for key: UnsafeRawBufferPointer,
    in database: Database
  ) throws(LMDBError) {
    _ = unsafe try Rows.put(handle, database, Rows.checked(key), value, flags: 0)
  }

  /// Sets the value of a key that is not there; false, and nothing changes, if it is.
  package func insert(
    _ value: [UInt8],
    for key: [UInt8],
    in database: Database
  ) throws(LMDBError) -> Bool {
    try put(value, key, database, flags: MDB_NOOVERWRITE)
  }

  /// Sets the value of a key that comes after all others, which is faster than `put`.
  ///
  /// Throws `keyOrder` if it does not; nothing changes then.
  package func append(
    _ value: [UInt8],
    for key: [UInt8],
    in database: Database
  ) throws(LMDBError) {
    _ = try put(value, key, database, flags: MDB_APPEND)
  }

  /// Removes a key; false if it was not there.
  package func delete(_ key: [UInt8], in database: Database) throws(LMDBError) -> Bool {
    try unsafe Rows.key(key) { (key) throws(LMDBError) in
      unsafe try Rows.delete(handle, database, key)
    }
  }

  /// Removes all rows.
  package func clear(_ database: Database) throws(LMDBError) {
    try LMDBError.check(unsafe mdb_drop(handle.pointer, database.handle, 0), "mdb_drop")
  }

  private func put(
    _ value: [UInt8],
    _ key: [UInt8],
    _ database: Database,
    flags: Int32
  ) throws(LMDBError) -> Bool {
    try unsafe Rows.key(key) { (key) throws(LMDBError) in
      unsafe try value.span.withUnsafeBytes { (value) throws(LMDBError) in
        unsafe try Rows.put(handle, database, key, value, flags: flags)
      }
    }
  }
}
