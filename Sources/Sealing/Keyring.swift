package import CoreTypes
import Sodium

/// Every key that a client holds for one repository.
///
/// Source: Formats/keys.md §4.
package struct Keyring: Sendable {
  package let repository: RepositoryID
  private let dataKeys: [KeyID: DataKey]
  private let identityKeys: [KeyID: IdentityKey]
  /// The data key with which writers seal.
  package let currentDataKey: DataKey
  /// The id key with which writers name and cut.
  package let currentIdentityKey: IdentityKey

  /// The union of opened entries; `nil` if a data key or an id key is missing altogether.
  package init?(repository: RepositoryID, entries: [OpenedKeyringEntry]) {
    self.repository = repository
    var dataKeys: [KeyID: DataKey] = [:]
    var identityKeys: [KeyID: IdentityKey] = [:]
    var newestData: (PointInTime, KeyID)?
    var newestIdentity: (PointInTime, KeyID)?
    for entry in entries {
      let rank = (entry.made, entry.id)
      switch entry.key {
      case .data(let secret):
        dataKeys[entry.id] = DataKey(id: entry.id, repository: repository, secret: secret)
        if newestData.map({ $0 < rank }) ?? true { newestData = rank }
      case .identity(let naming, let cutting):
        identityKeys[entry.id] = IdentityKey(id: entry.id, naming: naming, cutting: cutting)
        if newestIdentity.map({ $0 < rank }) ?? true { newestIdentity = rank }
      }
    }
    guard let dataRank = newestData, let identityRank = newestIdentity,
      let data = dataKeys[dataRank.1], let identity = identityKeys[identityRank.1]
    else { return nil }
    self.dataKeys = dataKeys
    self.identityKeys = identityKeys
    currentDataKey = data
    currentIdentityKey = identity
  }

  /// The data key with this id.
  package func dataKey(_ id: KeyID) -> DataKey? { dataKeys[id] }

  /// The id key with this id.
  package func identityKey(_ id: KeyID) -> IdentityKey? { identityKeys[id] }
}
