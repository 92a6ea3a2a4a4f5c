import CoreTypes
import Sealing
package import Trees

/// Where the content of a snapshot must be for it to count.
package enum ContentPlace: Sendable {
  case anywhere
  /// In this store, which may leave some out by choice.
  case here
}

extension OpenRepository {
  /// The snapshot that a record seals.
  package func snapshot(_ record: Record) throws(RepositoryError) -> Snapshot {
    do {
      return try Snapshot(decoding: try record.content(with: keyring))
    } catch {
      throw .damagedSnapshot(record.id, reason: "\(error)")
    }
  }

  /// The tags of all snapshots as they are now.
  package var snapshotTags: SnapshotTags { SnapshotTags(log: log, keyring: keyring) }

  /// Opens every live snapshot that the filter admits, oldest first.
  ///
  /// One that does not open is given to `damaged` and left out.
  package func openSnapshots(
    admittedBy filter: SnapshotFilter = .everything,
    content: ContentPlace = .anywhere,
    damaged: (RepositoryError) -> Void
  ) -> [OpenedSnapshot] {
    let tags = snapshotTags
    var opened: [OpenedSnapshot] = []
    for record in log.snapshots where content == .anywhere || holding.holds(record.id) {
      do {
        let snapshot = try open(record, tags: tags)
        if filter.admits(snapshot) { opened.append(snapshot) }
      } catch {
        damaged(error)
      }
    }
    return opened
  }

  /// Opens a snapshot.
  package func open(_ record: Record, tags: SnapshotTags) throws(RepositoryError) -> OpenedSnapshot
  {
    let content = try snapshot(record)
    return OpenedSnapshot(
      record: record,
      content: content,
      tags: tags.tags(of: record.id, given: content.author?.tags ?? [])
    )
  }

  /// The live snapshot of this name: an id prefix, `latest`, or `latest~N`.
  ///
  /// - Parameter filter: what `latest` chooses from; an id is found whatever it says.
  package func findSnapshot(
    _ name: String,
    among filter: SnapshotFilter = .everything
  ) throws(RepositoryError) -> Record {
    if log.snapshots.isEmpty { throw .noSnapshots }
    if name == "latest" || name.hasPrefix("latest~") {
      let text = name.dropFirst("latest~".count)
      guard let back = text.isEmpty ? 0 : Int(text), back >= 0,
        let record = try latest(back, among: filter)
      else { throw .unknownSnapshot(name) }
      return record
    }
    let wanted = name.lowercased()
    let found = wanted.isEmpty ? [] : log.snapshots.filter { $0.id.description.hasPrefix(wanted) }
    guard let first = found.first else { throw .unknownSnapshot(name) }
    guard found.count == 1 else {
      throw .ambiguousSnapshot(name, candidates: found.map(\.id))
    }
    return first
  }

  /// The snapshot that is `back` before the newest that the filter admits.
  ///
  /// Throws when one of those in between does not open: whether it counts cannot be known.
  private func latest(
    _ back: Int,
    among filter: SnapshotFilter
  ) throws(RepositoryError) -> Record? {
    let all = log.snapshots
    guard filter != .everything else { return back < all.count ? all[all.count - 1 - back] : nil }
    let tags = snapshotTags
    var left = back
    for record in all.reversed() where filter.admits(try open(record, tags: tags)) {
      if left == 0 { return record }
      left -= 1
    }
    return nil
  }
}
