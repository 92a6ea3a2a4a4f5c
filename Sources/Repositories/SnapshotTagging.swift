package import CoreTypes
import Sealing
package import Sodium
import Storage
import Trees

/// What is to become of a snapshot's tags.
package enum TagChange: Hashable, Sendable {
  case add([String])
  case remove([String])
  case set([String])

  /// The tags that come of `tags`.
  func applied(to tags: [String]) -> [String] {
    switch self {
    case .add(let more): TagList.ordered(tags + more)
    case .remove(let less): tags.filter { !less.contains($0) }
    case .set(let all): TagList.ordered(all)
    }
  }

  /// Every tag that is named.
  var tags: [String] {
    switch self {
    case .add(let tags), .remove(let tags), .set(let tags): tags
    }
  }
}

/// Changes the tags of snapshots by records of kind 6; the snapshots and their ids stay as they are.
///
/// Source: Formats/record-log.md §7.
package struct SnapshotTagging {
  private let repository: OpenRepository
  private let signer: SigningKey

  /// Snapshots of one record at most.
  private static let subjectLimit = 65_536

  /// Changes tags as `signer`, whose writer must be enrolled.
  package init(repository: OpenRepository, signer: SigningKey) {
    self.repository = repository
    self.signer = signer
  }

  /// Changes the tags of those snapshots that are live; returns the ids of those whose tags are others now.
  ///
  /// Each record speaks for the snapshots that get the same tags; what others change meanwhile is kept.
  package func apply(
    _ change: TagChange,
    to snapshots: [RecordID],
    time: PointInTime
  ) throws(RepositoryError) -> [RecordID] {
    for tag in change.tags {
      guard !tag.isEmpty, tag.utf8.count <= SnapshotLimits.textByteCount else {
        throw .illegalTag(tag)
      }
    }
    var waiting = Set(snapshots)
    var done: [RecordID] = []
    var refusals = 0
    while refusals < OpenRepository.commitAttempts {
      let log = repository.log
      guard let next = try next(change, of: waiting, in: log) else { return done.sorted() }
      guard try commit(next.tags, to: next.snapshots, time: time, seen: log) else {
        refusals += 1
        continue
      }
      waiting.subtract(next.snapshots)
      done += next.snapshots
    }
    throw .storage(.busy(path: repository.store.location))
  }

  /// Snapshots that are to get the same tags, and have others; `nil` if there are none.
  private func next(
    _ change: TagChange,
    of waiting: Set<RecordID>,
    in log: RecordLog
  ) throws(RepositoryError) -> (tags: [String], snapshots: [RecordID])? {
    let present = SnapshotTags(log: log, keyring: repository.keyring)
    var found: (tags: [String], snapshots: [RecordID])?
    for record in log.snapshots where waiting.contains(record.id) {
      let given = try repository.snapshot(record).author?.tags ?? []
      let old = present.tags(of: record.id, given: given)
      let new = change.applied(to: old)
      guard new.count <= SnapshotLimits.tags else { throw .tooManyTags(record.id, new.count) }
      guard new != old, found == nil || found?.tags == new else { continue }
      found = (new, (found?.snapshots ?? []) + [record.id])
      if found?.snapshots.count == Self.subjectLimit { break }
    }
    return found
  }

  private func commit(
    _ tags: [String],
    to snapshots: [RecordID],
    time: PointInTime,
    seen log: RecordLog
  ) throws(RepositoryError) -> Bool {
    var clear = try RecordClear(
      .tags,
      of: repository.configuration.repositoryID,
      signer: signer,
      following: log,
      time: time
    )
    clear.subjects = snapshots.sorted()
    let record = try repository.commit(
      clear,
      content: TagList.encode(tags),
      signer: signer,
      seen: log
    )
    return record != nil
  }
}
