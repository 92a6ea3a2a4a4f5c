import CoreTypes
package import LMDB
package import Packing

/// Why index, catalog or scan cache could not be used.
package enum IndexingError: Error, Equatable, Sendable {
  /// LMDB failed; the file can be rebuilt.
  case database(path: String, LMDBError)
  /// A row is not of the shape that this program writes.
  case malformedRow(path: String)
  /// A pack could not be read while the index was brought up to date.
  case packing(PackingError)
  /// The cache folder lies on a network file system.
  case networkFileSystem(path: String)
}

extension IndexingError {
  /// True if the disk with the cache folder is full.
  package var isNoSpace: Bool {
    guard case .database(_, .noSpace) = self else { return false }
    return true
  }

  /// True if the files should be made anew.
  package var isDamage: Bool {
    switch self {
    case .database(_, let error): error.isDamage
    case .malformedRow: true
    case .packing, .networkFileSystem: false
    }
  }
}
