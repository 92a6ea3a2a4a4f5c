internal import CLMDB

/// Single rows of a table, for keys whose length was checked.
enum Rows {
  /// Longest key of the library as it is built: `mdb_env_get_maxkeysize`.
  static let keyLimit = 511

  /// Lends a checked key.
  static func key<Result>(
    _ key: [UInt8],
    _ body: (UnsafeRawBufferPointer) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    unsafe try key.span.withUnsafeBytes { (key) throws(LMDBError) in
      unsafe try body(checked(key))
    }
  }

  /// The key, if its length is allowed.
  static func checked(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> UnsafeRawBufferPointer {
    guard (1...keyLimit).contains(key.count) else { throw .keyLength(key.count) }
    return unsafe key
  }

  static func find(
    _ transaction: TransactionHandle,
    _ table: MDB_dbi,
    _ key: UnsafeRawBufferPointer
  ) throws(LMDBError) -> UnsafeRawBufferPointer? {
    var key = unsafe lent(key)
    var value = unsafe MDB_val()
    let code = unsafe mdb_get(transaction.pointer, table, &key, &value)
    if code == MDB_NOTFOUND { return nil }
    try LMDBError.check(code, "mdb_get")
    return unsafe bytes(value)
  }

  /// Sets a value; false if `flags` has MDB_NOOVERWRITE and the key was there.
  static func put(
    _ transaction: TransactionHandle,
    _ table: MDB_dbi,
    _ key: UnsafeRawBufferPointer,
    _ value: UnsafeRawBufferPointer,
    flags: Int32
  ) throws(LMDBError) -> Bool {
    var key = unsafe lent(key)
    var value = unsafe lent(value)
    let code = unsafe mdb_put(transaction.pointer, table, &key, &value, UInt32(flags))
    if code == MDB_KEYEXIST {
      if flags == MDB_NOOVERWRITE { return false }
      throw .keyOrder
    }
    try LMDBError.check(code, "mdb_put")
    return true
  }

  /// Removes a row; false if it was not there.
  static func delete(
    _ transaction: TransactionHandle,
    _ table: MDB_dbi,
    _ key: UnsafeRawBufferPointer
  ) throws(LMDBError) -> Bool {
    var key = unsafe lent(key)
    let code = unsafe mdb_del(transaction.pointer, table, &key, nil)
    if code == MDB_NOTFOUND { return false }
    try LMDBError.check(code, "mdb_del")
    return true
  }

  static func count(_ transaction: TransactionHandle, _ table: MDB_dbi) throws(LMDBError) -> Int {
    var statistics = MDB_stat()
    try LMDBError.check(unsafe mdb_stat(transaction.pointer, table, &statistics), "mdb_stat")
    return statistics.ms_entries
  }

  // The library copies what it is given to put and only reads keys: the pointer may lose its `let`.
  static func lent(_ bytes: UnsafeRawBufferPointer) -> MDB_val {
    unsafe MDB_val(
      mv_size: bytes.count,
      mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress)
    )
  }

  static func bytes(_ value: MDB_val) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
  }
}
