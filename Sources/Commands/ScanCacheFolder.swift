import CoreTypes
import Files
import Indexing
import Scanning

/// Opens the scan cache; a damaged one is set aside and made anew.
enum ScanCacheFolder {
  static func open(_ path: String, repository: RepositoryID) throws -> ScanCache {
    guard try LocalFolder.prepare(path) else {
      throw IndexingError.networkFileSystem(path: path)
    }
    do {
      return try ScanCache(path: path, repository: repository)
    } catch {
      guard error.isDamage else { throw error }
      try LocalFolder.setAside(path)
      return try ScanCache(path: path, repository: repository)
    }
  }
}
