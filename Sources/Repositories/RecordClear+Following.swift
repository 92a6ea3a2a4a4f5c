import CoreTypes
import Sodium
import Storage

/// How a record comes to be the next of its writer.
///
/// Source: Formats/record-log.md §§2, 4.
extension RecordClear {
  /// Begins a record that `signer` signs and that follows all that `log` has.
  init(
    _ kind: RecordKind,
    of repository: RepositoryID,
    signer: SigningKey,
    following log: RecordLog,
    time: PointInTime
  ) throws(RepositoryError) {
    let writer = try signer.writer
    self.init(
      repository: repository,
      writer: writer,
      sequence: log.nextSequence(of: writer),
      parents: log.frontier,
      kind: kind,
      time: time
    )
  }

  /// Has the record add these objects.
  mutating func add(_ added: AddedObjects) {
    (adds, addManifests) = (added.inline, added.manifests)
  }
}

/// What a record adds: the record lists it itself, or manifests do where it is too much for that.
struct AddedObjects {
  fileprivate var inline: [ObjectID] = []
  fileprivate var manifests: [Digest] = []

  /// Objects that ascend; their manifests are in the store from now on.
  init(_ ids: [ObjectID], in store: any BlobStore) throws(RepositoryError) {
    if ids.count > Record.inlineAddLimit {
      manifests = try Manifest.put(ids, in: store)
    } else {
      inline = ids
    }
  }
}

extension SigningKey {
  /// The name of whoever signs with it: its public key.
  var writer: Digest {
    get throws(RepositoryError) {
      guard let writer = Digest(publicKey) else {
        throw .unexpected("a public key of \(publicKey.count) bytes")
      }
      return writer
    }
  }
}

extension OpenRepository {
  /// How often a record is made anew because others wrote meanwhile, before whoever waits is told.
  static let commitAttempts = 1000
}
