package import CoreTypes
import Indexing
import Sealing
package import Sodium
import Storage

/// Gives up records that are lost: the log no longer asks for them, and keeps what they may have added.
///
/// Source: Formats/record-log.md §3, kind 10; Docs/model.md, rule 17.
package struct RecordWaiving {
  private let repository: OpenRepository
  private let signer: SigningKey

  /// Gives up as `signer`, whose writer must be enrolled.
  package init(repository: OpenRepository, signer: SigningKey) {
    self.repository = repository
    self.signer = signer
  }

  /// Writes the record if `log` is still all that the store holds; else returns `nil`, and what is lost is to be found anew.
  ///
  /// Both lists ascend; `adds` are all objects that are sound here and that `log` does not require.
  package func commit(
    _ lost: [RecordID],
    adds: [ObjectID],
    time: PointInTime,
    seen log: RecordLog
  ) throws(RepositoryError) -> Record? {
    try repository.confirm(adds)
    var clear = try RecordClear(
      .waiver,
      of: repository.configuration.repositoryID,
      signer: signer,
      following: log,
      time: time
    )
    clear.subjects = lost
    clear.add(try AddedObjects(adds, in: repository.store))
    return try repository.commit(clear, content: nil, signer: signer, seen: log)
  }
}

extension KeylessRepository {
  /// Objects that are sound here and that the log does not require, ascending: 32 bytes of memory each, and each required one.
  package func unaskedObjects() throws(RepositoryError) -> [ObjectID] {
    let required = try soundRequiredObjects()
    var next = 0
    var unasked: [ObjectID] = []
    do {
      // Before anything relies on what the index says to be here.
      try index.file.prove()
      // Both ascend.
      for object in try index.objectIDs() {
        while next < required.count, required[next] < object.digest { next += 1 }
        if next < required.count, required[next] == object.digest { continue }
        if try index.isUsable(object) { unasked.append(object) }
      }
    } catch {
      throw .index(error)
    }
    return unasked
  }
}
