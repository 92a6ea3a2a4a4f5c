import CoreTypes
import Sodium
import Storage

extension KeylessRepository {
  /// Makes a store at `path` for a repository that lies elsewhere, and opens it.
  ///
  /// The folder must be missing or empty. The store has an id of its own and holds nothing but the configuration.
  package static func create(
    at path: String,
    configuration file: [UInt8],
    folders: ClientFolders
  ) throws(RepositoryError) -> KeylessRepository {
    _ = try Configuration(decoding: file)
    do {
      try StoreLayout.create(at: path, configuration: file, blobs: [])
      return try KeylessRepository(store: try DirectoryStore(path: path), folders: folders)
    } catch {
      throw RepositoryError(error)
    }
  }
}
