internal import CLMDB

/// The library's side of a transaction; of no use outside this target.
@safe
package struct TransactionHandle {
  let pointer: OpaquePointer
}

/// What reading and writing transactions have in common.
///
/// Valid only inside the call that lends it.
package protocol Transaction: ~Copyable {
  var handle: TransactionHandle { get }
}

/// Reads one state of an environment.
///
/// Valid only inside `Environment.read`.
@safe
package struct ReadTransaction: Transaction, ~Copyable {
  package let handle: TransactionHandle

  init(pointer: OpaquePointer) { unsafe handle = TransactionHandle(pointer: pointer) }
}

/// Reads and changes an environment.
///
/// Valid only inside `Environment.write`.
///
/// Bytes that a read lends are valid until the next change. After an error of the library the
/// transaction cannot be committed.
@safe
package struct WriteTransaction: Transaction, ~Copyable {
  package let handle: TransactionHandle

  init(pointer: OpaquePointer) { unsafe handle = TransactionHandle(pointer: pointer) }
}

extension Transaction where Self: ~Copyable {
  /// A copy of the value; `nil` if the key is not there.
  package func get(_ key: [UInt8], in database: Database) throws(LMDBError) -> [UInt8]? {
    let found = try unsafe Rows.key(key) { (key) throws(LMDBError) in
      unsafe try Rows.find(handle, database, key)
    }
    return unsafe found.map { unsafe Array($0) }
  }

  /// A copy of the value; `nil` if the key is not there.
  package func get(
    _ key: borrowing Span<UInt8>,
    in database: Database
  ) throws(LMDBError) -> [UInt8]? {
    let found = try unsafe key.withUnsafeBufferPointer { (key) throws(LMDBError) in
      unsafe try Rows.find(handle, database, Rows.checked(UnsafeRawBufferPointer(key)))
    }
    return unsafe found.map { unsafe Array($0) }
  }

  /// A copy of the value; `nil` if the key is not there.
  package func get(
    _ key: UnsafeRawBufferPointer,
    in database: Database
  ) throws(LMDBError) -> [UInt8]? {
    let found = unsafe try Rows.find(handle, database, Rows.checked(key))
    return unsafe found.map { unsafe Array($0) }
  }

  /// True if the key is there.
  package func contains(_ key: [UInt8], in database: Database) throws(LMDBError) -> Bool {
    let found = try unsafe Rows.key(key) { (key) throws(LMDBError) in
      unsafe try Rows.find(handle, database, key)
    }
    return unsafe found != nil
  }

  /// Number of rows.
  package func count(of database: Database) throws(LMDBError) -> Int {
    try Rows.count(handle, database)
  }

  /// The last key in order; `nil` if the table is empty.
  package func lastKey(in database: Database) throws(LMDBError) -> [UInt8]? {
    let cursor = try Cursor(handle, database)
    guard let row = unsafe try cursor.move(MDB_LAST) else { return nil }
    return unsafe Array(row.key)
  }

  /// Calls `body` with the keys and values in order of keys, until it returns false.
  ///
  /// Begins with the first key that is not before `start`, or with the first of all. The bytes are
  /// valid during the call only. `body` must not change the table.
  package func forEach(
    in database: Database,
    from start: [UInt8]? = nil,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    let cursor = try Cursor(handle, database)
    var row: Row?
    if let start {
      unsafe row = try Rows.key(start) { (key) throws(LMDBError) in
        unsafe try cursor.move(MDB_SET_RANGE, key)
      }
    } else {
      unsafe row = try cursor.move(MDB_FIRST)
    }
    while let found = unsafe row {
      guard try unsafe body(found.key, found.value) else { return }
      unsafe row = try cursor.move(MDB_NEXT)
      // Keys that rise can be no more than there are: a walk over damaged pages ends.
      guard unsafe row?.isAfter(found) != false else {
        throw LMDBError.corrupted("keys of a table are not in order")
      }
    }
  }
}
