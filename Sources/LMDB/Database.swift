internal import CLMDB

/// A named table whose keys are 1 to 511 bytes, in order of the bytes.
package struct Database: Sendable {
  let handle: MDB_dbi
  /// Hash of the name, with which the checks of its rows begin.
  let seed: UInt64

  static func seed(ofName name: UnsafeRawBufferPointer) -> UInt64 {
    unsafe XXHash64.hash(name, seed: 0)
  }
}

extension Environment {
  /// Opens tables by name, or makes them all.
  ///
  /// Call once, before other threads use the environment.
  ///
  /// A read-only environment makes none: it throws `missing`. If some are there and some are not,
  /// or one was made with another kind of key, the file is damaged.
  package func databases(_ names: [String]) throws(LMDBError) -> [Database] {
    let found = try guarded { () throws(LMDBError) in
      try tables(names, creating: 0, flags: UInt32(MDB_RDONLY))
    }
    let opened = found.compactMap(\.self)
    if opened.count == names.count { return opened }
    let missing = zip(names, found).first { $1 == nil }?.0 ?? ""
    guard access == .readWrite else { throw .missing(database: missing) }
    guard opened.isEmpty else { throw .damaged("there is no table \(missing)") }
    try prove()
    return try guarded { () throws(LMDBError) in
      try tables(names, creating: UInt32(MDB_CREATE), flags: 0).compactMap(\.self)
    }
  }

  private func tables(
    _ names: [String],
    creating: UInt32,
    flags: UInt32
  ) throws(LMDBError) -> [Database?] {
    let transaction = unsafe try begin(flags: flags)
    var tables: [Database?] = []
    do throws(LMDBError) {
      for name in names {
        tables.append(unsafe try openTable(name, creating: creating, in: transaction))
      }
    } catch {
      unsafe mdb_txn_abort(transaction)
      throw error
    }
    // Only a commit keeps the handles, also after a reading transaction.
    unsafe try commit(transaction)
    return tables
  }

  private func openTable(
    _ name: String,
    creating: UInt32,
    in transaction: OpaquePointer
  ) throws(LMDBError) -> Database? {
    var handle: MDB_dbi = 0
    let code = unsafe mdb_dbi_open(transaction, name, creating, &handle)
    if code == MDB_NOTFOUND { return nil }
    try LMDBError.check(code, "mdb_dbi_open")
    // The library takes the flags of a table that is there from the file.
    var found: UInt32 = 0
    try LMDBError.check(unsafe mdb_dbi_flags(transaction, handle, &found), "mdb_dbi_flags")
    guard found == 0 else { throw .corrupted("table \(name) has flags \(found)") }
    var name = name
    let seed = name.withUTF8 {
      unsafe Database.seed(ofName: UnsafeRawBufferPointer($0))
    }
    return Database(handle: handle, seed: seed)
  }
}
