internal import CLMDB

/// A reader that keeps its slot between reads, which makes many short reads cheaper.
///
/// One a thread.
///
/// Between reads it holds no state of the file, so that it keeps no pages from use. The
/// corresponding C functions are `mdb_txn_renew` and `mdb_txn_reset`.
@safe
package struct HeldReader: ~Copyable {
  // Held so that the environment is not closed before the transaction is given up.
  private let environment: Environment
  private let pointer: OpaquePointer

  /// Takes one of the environment's 126 slots, until the end of this value.
  package init(_ environment: Environment) throws(LMDBError) {
    let pointer = unsafe try environment.guarded { () throws(LMDBError) in
      unsafe try environment.begin(flags: UInt32(MDB_RDONLY))
    }
    unsafe mdb_txn_reset(pointer)
    self.environment = environment
    unsafe self.pointer = pointer
  }

  deinit { unsafe mdb_txn_abort(pointer) }

  /// Runs `body` on the state of the file at this moment.
  package mutating func read<Result>(
    _ body: (borrowing ReadTransaction) throws -> Result
  ) throws -> Result {
    try environment.guarded {
      try LMDBError.check(unsafe mdb_txn_renew(pointer), "mdb_txn_renew")
      defer { unsafe mdb_txn_reset(pointer) }
      return unsafe try body(ReadTransaction(pointer: pointer))
    }
  }
}
