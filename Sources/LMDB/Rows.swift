internal import CLMDB

/// Single rows of a table, for keys whose length was checked.
///
/// Behind every value stand the low four bytes of XXH64 over the table's name, the key and the
/// value: a row that a flipped bit has changed, or that came from another table, is never lent.
enum Rows {
  /// Longest key of the library as it is built: `mdb_env_get_maxkeysize`.
  static let keyLimit = 511
  private static let checkByteCount = MemoryLayout<UInt32>.size

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
    _ table: Database,
    _ key: UnsafeRawBufferPointer
  ) throws(LMDBError) -> UnsafeRawBufferPointer? {
    var wanted = unsafe lent(key)
    var value = unsafe MDB_val()
    let code = unsafe mdb_get(transaction.pointer, table.handle, &wanted, &value)
    if code == MDB_NOTFOUND { return nil }
    try LMDBError.check(code, "mdb_get")
    return unsafe try proven(bytes(value), of: key, seed: table.seed)
  }

  /// Sets a value; false if `flags` has MDB_NOOVERWRITE and the key was there.
  static func put(
    _ transaction: TransactionHandle,
    _ table: Database,
    _ key: UnsafeRawBufferPointer,
    _ value: UnsafeRawBufferPointer,
    flags: Int32
  ) throws(LMDBError) -> Bool {
    var wanted = unsafe lent(key)
    // The library makes room, and the value and its check are written there.
    var room = unsafe MDB_val(mv_size: value.count + checkByteCount, mv_data: nil)
    let code = unsafe mdb_put(
      transaction.pointer,
      table.handle,
      &wanted,
      &room,
      UInt32(flags | MDB_RESERVE)
    )
    if code == MDB_KEYEXIST {
      if flags == MDB_NOOVERWRITE { return false }
      throw .keyOrder
    }
    try LMDBError.check(code, "mdb_put")
    guard let target = unsafe room.mv_data else {
      throw .library(operation: "mdb_put", code: MDB_PANIC)
    }
    if let source = value.baseAddress {
      unsafe target.copyMemory(from: source, byteCount: value.count)
    }
    let check = unsafe check(value, of: key, seed: table.seed)
    unsafe target.storeBytes(of: check.littleEndian, toByteOffset: value.count, as: UInt32.self)
    return true
  }

  /// Removes a row; false if it was not there.
  static func delete(
    _ transaction: TransactionHandle,
    _ table: Database,
    _ key: UnsafeRawBufferPointer
  ) throws(LMDBError) -> Bool {
    var key = unsafe lent(key)
    let code = unsafe mdb_del(transaction.pointer, table.handle, &key, nil)
    if code == MDB_NOTFOUND { return false }
    try LMDBError.check(code, "mdb_del")
    return true
  }

  static func count(_ transaction: TransactionHandle, _ table: Database) throws(LMDBError) -> Int {
    var statistics = MDB_stat()
    let code = unsafe mdb_stat(transaction.pointer, table.handle, &statistics)
    try LMDBError.check(code, "mdb_stat")
    return statistics.ms_entries
  }

  /// The value of a stored row without its check, which must be right.
  static func proven(
    _ stored: UnsafeRawBufferPointer,
    of key: UnsafeRawBufferPointer,
    seed: UInt64
  ) throws(LMDBError) -> UnsafeRawBufferPointer {
    let count = stored.count - checkByteCount
    guard count >= 0, (1...keyLimit).contains(key.count) else {
      throw .corrupted("a row of \(stored.count) bytes, its key of \(key.count)")
    }
    let value = unsafe UnsafeRawBufferPointer(rebasing: stored[..<count])
    let found = unsafe stored.loadUnaligned(fromByteOffset: count, as: UInt32.self)
    guard unsafe UInt32(littleEndian: found) == check(value, of: key, seed: seed) else {
      throw .corrupted("the check of a row of \(count) bytes does not match")
    }
    return unsafe value
  }

  private static func check(
    _ value: UnsafeRawBufferPointer,
    of key: UnsafeRawBufferPointer,
    seed: UInt64
  ) -> UInt32 {
    let seed = unsafe XXHash64.hash(key, seed: seed)
    return unsafe UInt32(truncatingIfNeeded: XXHash64.hash(value, seed: seed))
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
