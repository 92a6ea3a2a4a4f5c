package import CoreTypes

/// Folders of the client, outside any store.
package struct ClientFolders: Sendable {
  /// Index, catalog, scan cache: may be deleted at any time.
  package let cache: String
  /// Writer keys and what was seen of stores.
  package let state: String

  package init(cache: String, state: String) {
    self.cache = cache
    self.state = state
  }

  /// Index of one store.
  package func index(of store: StoreID) -> String { "\(cache)/stores/\(store)" }

  /// Catalog of one repository.
  package func catalog(of repository: RepositoryID) -> String {
    "\(cache)/repositories/\(repository)/catalog"
  }

  /// Scan cache of one repository.
  package func scanCache(of repository: RepositoryID) -> String {
    "\(cache)/repositories/\(repository)/scan"
  }
}
