package import CoreTypes
package import Chunking
package import Sealing
import Sodium
package import Storage

/// Makes new repositories.
///
/// Source: Formats/store.md, configuration.md, keys.md.
package enum RepositoryCreation {
  /// What was made, and the key that its first records were signed with.
  package struct Result: Sendable {
    package let configuration: Configuration
    package let bundle: CapabilityBundle
  }

  /// Makes a repository in the folder at `path` with one slot.
  package static func create(
    at path: String,
    secret: SlotSecret,
    note: KeySlot.Note,
    chunking: ChunkingParameters,
    time: PointInTime
  ) throws(RepositoryError) -> Result {
    try create(secret: secret, note: note, chunking: chunking, time: time) {
      (configuration, blobs) throws(StorageError) in
      try StoreLayout.create(at: path, configuration: configuration, blobs: blobs)
    }
  }

  /// Makes a repository with one slot; `store` makes its first store, of this configuration and these files.
  package static func create(
    secret: SlotSecret,
    note: KeySlot.Note,
    chunking: ChunkingParameters,
    time: PointInTime,
    store: (_ configuration: [UInt8], _ blobs: [(BlobName, [UInt8])]) throws(StorageError) -> Void
  ) throws(RepositoryError) -> Result {
    let bundle = CapabilityBundle()
    let rootKey = SigningKey(seed: bundle.rootSeed)
    let configuration = Configuration(
      rootPublicKey: rootKey.publicKey,
      chunking: chunking,
      made: time
    )
    let repository = configuration.repositoryID
    do {
      let slot = try KeySlot(wrapping: bundle, secret: secret, repository: repository, note: note)
      let sealer = KeyringSealer(repository: repository, keyringKey: bundle.keyringKey)
      var blobs: [(BlobName, [UInt8])] = []
      for (kind, bytes) in [
        (BlobKind.slot, slot.encoded),
        (.keyringEntry, try sealer.newDataKey(made: time)),
        (.keyringEntry, try sealer.newIdentityKey(made: time)),
      ] {
        blobs.append((BlobName(kind, PlainHash.of(bytes)), bytes))
      }
      try store(configuration.encoded(rootKey: rootKey), blobs)
    } catch {
      throw RepositoryError(error)
    }
    return Result(configuration: configuration, bundle: bundle)
  }
}
