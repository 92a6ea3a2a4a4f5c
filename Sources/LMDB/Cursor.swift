internal import CLMDB

/// A key and its value, in the map.
@unsafe
struct Row {
  let key: UnsafeRawBufferPointer
  let value: UnsafeRawBufferPointer
}

/// A place in a table.
///
/// Must not outlive its transaction.
///
/// The corresponding C functions are `mdb_cursor_*`.
@safe
struct Cursor: ~Copyable {
  private let cursor: OpaquePointer

  init(_ transaction: TransactionHandle, _ table: MDB_dbi) throws(LMDBError) {
    var opened: OpaquePointer?
    try LMDBError.check(
      unsafe mdb_cursor_open(transaction.pointer, table, &opened),
      "mdb_cursor_open"
    )
    guard let cursor = unsafe opened else {
      throw .library(operation: "mdb_cursor_open", code: MDB_PANIC)
    }
    unsafe self.cursor = cursor
  }

  deinit { unsafe mdb_cursor_close(cursor) }

  /// The row that `operation` leads to; `nil` if there is none.
  borrowing func move(
    _ operation: MDB_cursor_op,
    _ start: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  ) throws(LMDBError) -> Row? {
    var key = unsafe Rows.lent(start)
    var value = unsafe MDB_val()
    let code = unsafe mdb_cursor_get(cursor, &key, &value, operation)
    if code == MDB_NOTFOUND { return nil }
    try LMDBError.check(code, "mdb_cursor_get")
    return unsafe Row(key: Rows.bytes(key), value: Rows.bytes(value))
  }
}
