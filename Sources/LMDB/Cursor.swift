internal import CLMDB
internal import Glibc

/// A key and its value, in the map.
@unsafe
struct Row {
  let key: UnsafeRawBufferPointer
  let value: UnsafeRawBufferPointer

  /// True if the key comes after the other's, in order of the bytes.
  func isAfter(_ other: Row) -> Bool {
    guard let left = unsafe key.baseAddress, let right = unsafe other.key.baseAddress else {
      return false
    }
    let order = unsafe memcmp(left, right, min(key.count, other.key.count))
    return unsafe order != 0 ? order > 0 : key.count > other.key.count
  }
}

/// A place in a table.
///
/// Must not outlive its transaction.
///
/// The corresponding C functions are `mdb_cursor_*`.
@safe
struct Cursor: ~Copyable {
  private let cursor: OpaquePointer
  private let table: Database

  init(_ transaction: TransactionHandle, _ table: Database) throws(LMDBError) {
    var opened: OpaquePointer?
    try LMDBError.check(
      unsafe mdb_cursor_open(transaction.pointer, table.handle, &opened),
      "mdb_cursor_open"
    )
    guard let cursor = unsafe opened else {
      throw .library(operation: "mdb_cursor_open", code: MDB_PANIC)
    }
    unsafe self.cursor = cursor
    self.table = table
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
    let found = unsafe Rows.bytes(key)
    return unsafe Row(
      key: found,
      value: try Rows.proven(Rows.bytes(value), of: found, seed: table.seed)
    )
  }
}
