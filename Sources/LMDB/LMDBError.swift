internal import CLMDB
internal import Glibc

/// Why LMDB refused.
package enum LMDBError: Error, Equatable, Sendable {
  /// The map is full.
  case full
  /// The library met something in the open file that cannot be; carries where.
  case corrupted(String)
  /// The file is not a sound database, so that it was not opened; carries the reason.
  case damaged(String)
  /// No space on the device, or none left of the quota.
  case noSpace
  /// A key is empty or longer than 511 bytes; carries its length.
  case keyLength(Int)
  /// A key that was to be appended does not come after all others.
  case keyOrder
  /// A read-only environment lacks the table of this name.
  case missing(database: String)
  /// The operating system refused.
  case system(operation: String, errno: Int32)
  /// The library refused for another reason; `code` is one of `MDB_*` in lmdb.h.
  case library(operation: String, code: Int32)
  /// Something that was called inside a transaction failed; the transaction was given up.
  case other(String)

  /// The error that came out of a transaction.
  package init(_ error: any Error) {
    self = error as? LMDBError ?? .other("\(error)")
  }

  /// True if the file should be made anew.
  package var isDamage: Bool {
    switch self {
    case .corrupted, .damaged: true
    case .full, .noSpace, .keyLength, .keyOrder, .missing, .system, .library, .other: false
    }
  }

  /// True if a write failed, or was cut short: of that LMDB says EIO as well, and a full disk begins with it.
  package var isFailedWrite: Bool {
    if case .system(_, EIO) = self { true } else { false }
  }

  /// The operation that maps a file.
  static let opening = "mdb_env_open"

  /// True if a file was not opened because the process may not have so much address space.
  ///
  /// `EINVAL` is what Valgrind says.
  var isShortOfAddressSpace: Bool {
    self == .system(operation: LMDBError.opening, errno: ENOMEM)
      || self == .system(operation: LMDBError.opening, errno: EINVAL)
  }

  /// Throws what a return code means; 0 means nothing.
  static func check(_ code: Int32, _ operation: String) throws(LMDBError) {
    switch code {
    case 0: return
    case MDB_MAP_FULL: throw .full
    // The latter two: pages that lead to themselves, or have room where there is none.
    case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INCOMPATIBLE, MDB_CURSOR_FULL, MDB_PAGE_FULL,
      // A transaction that met damage before answers nothing more.
      MDB_BAD_TXN:
      throw .corrupted("\(operation): code \(code)")
    case MDB_INVALID, MDB_VERSION_MISMATCH: throw .damaged("\(operation): code \(code)")
    case ENOSPC, EDQUOT: throw .noSpace
    case 1...: throw .system(operation: operation, errno: code)
    default: throw .library(operation: operation, code: code)
    }
  }
}
