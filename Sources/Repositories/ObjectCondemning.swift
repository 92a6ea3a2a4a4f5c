package import CoreTypes
import Sealing
package import Sodium
import Storage

/// Lets objects go: a record says that the log no longer requires them, and which others hold what they held.
///
/// Source: Formats/record-log.md §3, kind 4; Docs/model.md, rules 8 and 9.
package struct ObjectCondemning {
  private let repository: OpenRepository
  private let signer: SigningKey

  /// Condemns as `signer`, whose writer must be enrolled.
  package init(repository: OpenRepository, signer: SigningKey) {
    self.repository = repository
    self.signer = signer
  }

  /// Objects that one record condemns and names as holders: 64 MB of ids would be more than readers accept.
  package static let idLimit = 1 << 20

  /// Writes the record if `log` is still all that the store holds; else returns `nil`, and what was found is to be found anew.
  ///
  /// All lists ascend. The holders are sound here; of them `adds` are those that no record added yet.
  package func commit(
    _ condemned: [ObjectID],
    heldBy holders: [ObjectID],
    adds: [ObjectID],
    time: PointInTime,
    seen log: RecordLog
  ) throws(RepositoryError) -> Record? {
    try repository.confirm(adds)
    var clear = try RecordClear(
      .condemnation,
      of: repository.configuration.repositoryID,
      signer: signer,
      following: log,
      time: time
    )
    clear.condemns = condemned
    clear.replaces = holders
    clear.add(try AddedObjects(adds, in: repository.store))
    return try repository.commit(clear, content: nil, signer: signer, seen: log)
  }
}
