package import CoreTypes
package import Files
package import Indexing
import LMDB
package import Packing
package import Sealing
package import Storage
package import Trees

/// Why a repository could not be made, opened, read or written.
package enum RepositoryError: Error, Sendable {
  /// The configuration file is damaged or forged.
  case damagedConfiguration(reason: String)
  /// The repository is of a newer format, or uses features that this program lacks.
  case unsupported(version: UInt64, features: [String])
  /// No slot opens with the secret that was given; some may not have been tried, because they are damaged.
  case wrongSecret(SlotTrial)
  /// No slot could be tried, for these reasons.
  case noUsableSlot(reasons: [SealingError])
  /// The keyring has no data key or no id key that opens.
  case incompleteKeyring(reasons: [SealingError])
  /// There is no snapshot of this name.
  case unknownSnapshot(String)
  /// The repository has no snapshot at all.
  case noSnapshots
  /// More than one snapshot has this name.
  case ambiguousSnapshot(String, candidates: [RecordID])
  /// A chunk is in no object that this store has.
  case missingChunk(ChunkID)
  /// Every object of this store that holds the chunk is damaged.
  case damagedChunk(ChunkID, PackingError)
  /// A tree node or a snapshot is not well-formed.
  case malformedTree(ChunkID, TreeError)
  /// The snapshot's record does not open or is malformed.
  case damagedSnapshot(RecordID, reason: String)
  /// The snapshot to be committed is one that no reader would accept.
  case illegalSnapshot(TreeError)
  /// An empty tag, or one of more bytes than a snapshot's texts may have.
  case illegalTag(String)
  /// The snapshot would have more tags than it may.
  case tooManyTags(RecordID, Int)
  /// The store lacks records that this client has seen there.
  case rollback(missing: [RecordID])
  /// The store lacks records that this client has seen there, and these record files cannot be read.
  case unreadRecords([Digest])
  /// Other writers changed the repository, and what this session relied on is gone.
  case overtaken(missing: [ObjectID])
  /// The last slot cannot be removed, or the slot is not there.
  case slotRefused(String)
  /// This store leaves the snapshot out by choice.
  case leftOut(RecordID)
  case storage(StorageError)
  case packing(PackingError)
  case sealing(SealingError)
  case index(IndexingError)
  case files(FilesError)
  /// Something that has no case of its own: it says nothing about what is in the store.
  case unexpected(String)
}

extension RepositoryError {
  /// The failure that any error from below is.
  package init(_ error: any Error) {
    self =
      switch error {
      case let error as RepositoryError: error
      case let error as StorageError: .storage(error)
      case let error as PackingError: .packing(error)
      case let error as SealingError: .sealing(error)
      case let error as IndexingError: .index(error)
      case let error as FilesError: .files(error)
      default: .unexpected("\(error)")
      }
  }
}
