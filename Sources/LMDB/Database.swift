internal import CLMDB

/// A named table whose keys are 1 to 511 bytes, in order of the bytes.
package struct Database: Sendable {
  let handle: MDB_dbi
}

/// A named table whose keys are numbers, in their order (MDB_INTEGERKEY).
///
/// The numbers lie in the file as this machine writes them: such a file is not to be moved to a
/// machine of another byte order.
package struct IntegerDatabase: Sendable {
  let handle: MDB_dbi
}

extension Environment {
  /// Opens or makes tables by name.
  ///
  /// Call once, before other threads use the environment.
  ///
  /// A read-only environment makes none: it throws `missing`. A table that was made with another
  /// kind of key is `corrupted`.
  package func databases(_ names: [String]) throws(LMDBError) -> [Database] {
    try handles(names, flags: 0).map { Database(handle: $0) }
  }

  /// Opens or makes tables with numbers as keys; otherwise as `databases`.
  package func integerDatabases(_ names: [String]) throws(LMDBError) -> [IntegerDatabase] {
    try handles(names, flags: UInt32(MDB_INTEGERKEY)).map { IntegerDatabase(handle: $0) }
  }

  private func handles(_ names: [String], flags: UInt32) throws(LMDBError) -> [MDB_dbi] {
    let transaction = unsafe try begin()
    var handles: [MDB_dbi] = []
    do throws(LMDBError) {
      for name in names {
        handles.append(unsafe try openTable(name, flags: flags, in: transaction))
      }
    } catch {
      unsafe mdb_txn_abort(transaction)
      throw error
    }
    // Only a commit keeps the handles, also after a reading transaction.
    unsafe try commit(transaction)
    return handles
  }

  private func openTable(
    _ name: String,
    flags: UInt32,
    in transaction: OpaquePointer
  ) throws(LMDBError) -> MDB_dbi {
    var handle: MDB_dbi = 0
    let creation = access == .readWrite ? UInt32(MDB_CREATE) : 0
    let code = unsafe mdb_dbi_open(transaction, name, flags | creation, &handle)
    guard code != MDB_NOTFOUND else { throw .missing(database: name) }
    try LMDBError.check(code, "mdb_dbi_open")
    // The library takes the flags of a table that is there from the file, and ignores ours.
    var found: UInt32 = 0
    try LMDBError.check(
      unsafe mdb_dbi_flags(transaction, handle, &found),
      "mdb_dbi_flags"
    )
    guard found == flags else { throw .corrupted("table \(name) has flags \(found)") }
    return handle
  }
}
