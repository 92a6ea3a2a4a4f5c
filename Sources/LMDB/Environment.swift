internal import CLMDB
internal import CSignals
internal import Glibc
import Synchronization

/// When a committed transaction is on the disk.
package enum Durability: Sendable {
  /// When the commit returns.
  case synced
  /// Its pages are; a crash may undo the last commit, and the file stays sound (MDB_NOMETASYNC).
  case relaxed
}

/// What an environment is opened for.
package enum Access: Sendable {
  case readWrite
  case readOnly
}

/// An LMDB environment in a folder.
///
/// Safe to use from several threads and processes.
///
/// Opened with MDB_NOTLS, so that a reader belongs to its transaction and not to its thread. A
/// folder must not be opened twice in one process at the same time: closing one would drop the
/// locks of the other. The corresponding C functions are `mdb_env_*`.
@safe
package final class Environment: @unchecked Sendable {
  // Unchecked: LMDB guards the environment itself; the pointer never changes.
  private let environment: OpaquePointer
  private let durability: Durability
  private let place: FaultPlace
  private let isProven = Mutex(false)
  let access: Access

  /// Address space of a map unless the caller says otherwise: 64 GiB.
  package static let defaultMapByteCount = 64 << 30
  private static let readerLimit: UInt32 = 126
  /// Where there is no room for a map, this part of it is tried, down to the smallest: 1 GiB.
  ///
  /// So small a part that several maps, and memory beside them, find room too.
  private static let mapReduction = 16
  private static let smallestMapByteCount = 1 << 30
  /// Other processes may commit while one looks for the state that is to be proven.
  private static let proofAttempts = 100

  /// Opens the environment in `directory`, which must be there; makes it if it may write.
  ///
  /// `mapByteCount` is address space, not memory: the file grows as it is filled; a process that may
  /// not have as much takes less. `databases` is the number of tables that can be open. A data file
  /// that was cut short is `damaged`, and is not mapped. A fault in what is mapped is answered as
  /// `CacheFaults` says.
  package init(
    directory: String,
    mapByteCount: Int = Environment.defaultMapByteCount,
    databases: Int,
    durability: Durability = .synced,
    access: Access = .readWrite
  ) throws(LMDBError) {
    try DataFile.check(path: directory + "/data.mdb")
    if access == .readWrite { try LockFile.reserve(path: directory + "/lock.mdb") }
    place = try FaultPlace(folder: directory)
    var flags = UInt32(MDB_NOTLS)
    if durability == .relaxed { flags |= UInt32(MDB_NOMETASYNC) }
    if access == .readOnly { flags |= UInt32(MDB_RDONLY) }
    unsafe environment = try Environment.open(directory, mapByteCount, databases, flags, in: place)
    self.durability = durability
    self.access = access
  }

  /// Opens with the largest map that the process may have.
  ///
  /// Under `ulimit -v` and in some sandboxes there is less room for maps than files may grow.
  private static func open(
    _ directory: String,
    _ mapByteCount: Int,
    _ databases: Int,
    _ flags: UInt32,
    in place: FaultPlace
  ) throws(LMDBError) -> OpaquePointer {
    var byteCount = mapByteCount
    while true {
      do throws(LMDBError) {
        return unsafe try openMapped(directory, byteCount, databases, flags, in: place)
      } catch {
        guard error.isShortOfAddressSpace, byteCount > smallestMapByteCount else { throw error }
        byteCount = max(byteCount / mapReduction, smallestMapByteCount)
      }
    }
  }

  private static func openMapped(
    _ directory: String,
    _ mapByteCount: Int,
    _ databases: Int,
    _ flags: UInt32,
    in place: FaultPlace
  ) throws(LMDBError) -> OpaquePointer {
    var created: OpaquePointer?
    try LMDBError.check(unsafe mdb_env_create(&created), "mdb_env_create")
    guard let environment = unsafe created else {
      throw .library(operation: "mdb_env_create", code: MDB_PANIC)
    }
    do throws(LMDBError) {
      try LMDBError.check(
        unsafe mdb_env_set_mapsize(environment, mapByteCount),
        "mdb_env_set_mapsize"
      )
      try LMDBError.check(
        unsafe mdb_env_set_maxdbs(environment, MDB_dbi(databases)),
        "mdb_env_set_maxdbs"
      )
      try LMDBError.check(
        unsafe mdb_env_set_maxreaders(environment, Environment.readerLimit),
        "mdb_env_set_maxreaders"
      )
      unsafe mdb_env_set_assert(environment) { _, _ in kist_cache_failed() }
      try place.guarded { () throws(LMDBError) in
        try LMDBError.check(
          unsafe mdb_env_open(environment, directory, flags, 0o600),
          LMDBError.opening
        )
        var dead: Int32 = 0
        // Slots of readers that died would keep old pages for ever.
        try LMDBError.check(unsafe mdb_reader_check(environment, &dead), "mdb_reader_check")
      }
      // The library leaves this one file open in the programs that we start.
      try DataFile.closeOnExec(unsafe Environment.descriptor(environment))
    } catch {
      unsafe mdb_env_close(environment)
      throw error
    }
    return unsafe environment
  }

  deinit { unsafe mdb_env_close(environment) }

  /// Runs `body` in a write transaction: committed when it returns, given up when it throws.
  ///
  /// One writer at a time, in all processes: another waits, so a call inside `body` would wait for
  /// ever. Keep it to 5,000 puts. Throws what `body` throws, and `LMDBError`.
  package func write<Result>(
    _ body: (borrowing WriteTransaction) throws -> Result
  ) throws -> Result {
    guard access == .readWrite else { throw LMDBError.system(operation: "write", errno: EROFS) }
    try prove()
    return try guarded {
      let pointer = unsafe try begin()
      let result: Result
      do {
        result = unsafe try body(WriteTransaction(pointer: pointer))
      } catch {
        unsafe mdb_txn_abort(pointer)
        throw error
      }
      unsafe try commit(pointer)
      try lengthenDataFile()
      return result
    }
  }

  /// Runs `body` in a read transaction: one state of the file, however long it takes.
  ///
  /// Pages that a reader may need are not used again while it lasts, so keep it short. Throws what
  /// `body` throws, and `LMDBError`.
  package func read<Result>(
    _ body: (borrowing ReadTransaction) throws -> Result
  ) throws -> Result {
    try guarded {
      let pointer = unsafe try begin(flags: UInt32(MDB_RDONLY))
      defer { unsafe mdb_txn_abort(pointer) }
      return unsafe try body(ReadTransaction(pointer: pointer))
    }
  }

  /// Proves once in the life of this value that every page of the file is what it must be.
  ///
  /// Throws `damaged` if not. Reads the whole file; every first `write` begins with it, because
  /// changing a page that lies about its content would write over the memory of this process.
  package func prove() throws(LMDBError) {
    try isProven.withLock { (isProven) throws(LMDBError) in
      for _ in 0..<Environment.proofAttempts where !isProven { isProven = try proveLastState() }
      guard isProven else { throw .system(operation: "mdb_txn_begin", errno: EAGAIN) }
    }
  }

  /// Proves the last state; false if others wrote so much meanwhile that it was not to be found.
  func proveLastState() throws(LMDBError) -> Bool {
    try guarded { () throws(LMDBError) in
      let reader = unsafe try begin(flags: UInt32(MDB_RDONLY))
      defer { unsafe mdb_txn_abort(reader) }
      let transaction = UInt64(truncatingIfNeeded: unsafe mdb_txn_id(reader))
      return try StructureProof.run(descriptor: descriptor(), transaction: transaction)
    }
  }

  /// Marks the file as damaged: whoever opens it next is to make it anew.
  package func markSuspect() { place.mark() }

  /// Runs `body`; a fault in it is this file's.
  func guarded<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try place.guarded(body)
  }

  /// Begins a transaction of the kind that the environment was opened for, or a reading one.
  func begin(flags: UInt32 = 0) throws(LMDBError) -> OpaquePointer {
    let kind = access == .readOnly ? UInt32(MDB_RDONLY) : flags
    var transaction: OpaquePointer?
    try LMDBError.check(
      unsafe mdb_txn_begin(environment, nil, kind, &transaction),
      "mdb_txn_begin"
    )
    guard let transaction = unsafe transaction else {
      throw .library(operation: "mdb_txn_begin", code: MDB_PANIC)
    }
    return unsafe transaction
  }

  /// Commits; the transaction is freed, also when that fails.
  func commit(_ transaction: OpaquePointer) throws(LMDBError) {
    try LMDBError.check(unsafe mdb_txn_commit(transaction), "mdb_txn_commit")
  }

  // A transaction that takes pages at the end and frees them again counts them as used, and never
  // writes them. The file is then sound, but shorter than its meta page says, which the next
  // opening could not tell from one that was cut short.
  private func lengthenDataFile() throws(LMDBError) {
    guard try missingByteCount() > 0 else { return }
    // While a write transaction is open nobody else can make the file longer: setting its length
    // cannot cut off what another process has just written.
    let transaction = unsafe try begin()
    defer { unsafe mdb_txn_abort(transaction) }
    guard try missingByteCount() > 0 else { return }
    try DataFile.lengthen(descriptor(), to: statedByteCount(), durability)
  }

  private func missingByteCount() throws(LMDBError) -> Int {
    try statedByteCount() - DataFile.byteCount(descriptor())
  }

  private func statedByteCount() throws(LMDBError) -> Int {
    var information = unsafe MDB_envinfo()
    try LMDBError.check(unsafe mdb_env_info(environment, &information), "mdb_env_info")
    var statistics = MDB_stat()
    try LMDBError.check(unsafe mdb_env_stat(environment, &statistics), "mdb_env_stat")
    return unsafe (information.me_last_pgno + 1) * Int(statistics.ms_psize)
  }

  private func descriptor() throws(LMDBError) -> Int32 {
    unsafe try Environment.descriptor(environment)
  }

  private static func descriptor(_ environment: OpaquePointer) throws(LMDBError) -> Int32 {
    var descriptor: Int32 = -1
    try LMDBError.check(unsafe mdb_env_get_fd(environment, &descriptor), "mdb_env_get_fd")
    return descriptor
  }
}
