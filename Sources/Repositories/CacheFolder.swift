import LMDB
import CoreTypes
import Files
import Indexing

/// Opens the LMDB files of the cache folder; one that is damaged is set aside and made anew.
enum CacheFolder {
  static func openIndex(_ path: String, store: StoreID) throws(IndexingError) -> ObjectIndex {
    try rebuilding(path) { () throws(IndexingError) in
      try ObjectIndex(path: path, store: store)
    }
  }

  static func openCatalog(
    _ path: String,
    repository: RepositoryID
  ) throws(IndexingError)
    -> Catalog
  {
    try rebuilding(path) { () throws(IndexingError) in
      try Catalog(path: path, repository: repository)
    }
  }

  private static func rebuilding<Result>(
    _ path: String,
    _ open: () throws(IndexingError) -> Result
  )
    throws(IndexingError) -> Result
  {
    do {
      guard try LocalFolder.prepare(path) else {
        throw IndexingError.networkFileSystem(path: path)
      }
      do {
        return try open()
      } catch {
        guard error.isDamage else { throw error }
        try LocalFolder.setAside(path)
        return try open()
      }
    } catch let error as IndexingError {
      throw error
    } catch let error as FilesError {
      throw .database(path: path, .system(operation: error.operationName, errno: error.errno))
    } catch {
      throw .malformedRow(path: path)
    }
  }
}
