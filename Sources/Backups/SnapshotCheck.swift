import Sealing
import Packing
import Indexing
import CoreTypes
import Repositories
import Trees

/// Walks the trees of snapshots and asks for every chunk; a subtree that was seen sound is not walked again.
struct SnapshotCheck {
  private let repository: OpenRepository
  private let source: ChunkSource
  private let lost: Set<ObjectID>
  private let reader: TreeReader<RepositoryError>
  /// What the entry promised through which each was found sound.
  private var soundSubtrees: [ChunkID: TreeTotals] = [:]
  private(set) var findings: [CheckFinding] = []
  private(set) var nodeCount = 0
  private(set) var fileCount = 0

  /// Paths named for one snapshot at most.
  private static let findingLimit = 1000

  init(repository: OpenRepository, source: ChunkSource, lost: Set<ObjectID>) {
    self.repository = repository
    self.source = source
    self.lost = lost
    reader = TreeReader { id throws(RepositoryError) in
      try source.bytes(of: id, kind: .tree)
    }
  }

  /// Checks one snapshot; findings name it and the path.
  mutating func check(_ snapshot: Snapshot, of record: RecordID) {
    let before = findings.count
    for root in snapshot.roots {
      if root.entry.kind == .directory, let subtree = root.entry.directory {
        walk(subtree, promising: root.entry.subtree, root: root.path, record: record)
      } else {
        check(root.entry, path: root.path, record: record)
      }
    }
    do {
      _ = try HardLinks.groups(of: try snapshot.hardLinks.map { try reader.node($0) })
    } catch {
      note(record, [], error)
    }
    let more = findings.count - before - SnapshotCheck.findingLimit
    if more > 0 {
      findings.removeLast(more)
      findings.append(.moreUnrestorable(record, count: more))
    }
  }

  private mutating func walk(
    _ subtree: ChunkID,
    promising totals: TreeTotals,
    root: [UInt8],
    record: RecordID
  ) {
    struct Level {
      let id: ChunkID
      let totals: TreeTotals
      let path: [UInt8]
      var entries: DirectoryCursor<RepositoryError>
      let findingsBefore: Int
      /// Files in it that were listed, or stand in folders that were.
      var listedFiles: UInt64 = 0
    }
    guard soundSubtrees[subtree] != totals else { return }
    nodeCount += 1
    var stack = [
      Level(
        id: subtree,
        totals: totals,
        path: root,
        entries: reader.entries(of: subtree, promising: totals),
        findingsBefore: findings.count
      )
    ]
    while var level = stack.popLast() {
      let entry: TreeEntry?
      do {
        entry = try level.entries.next()
      } catch {
        let files = level.totals.files
        note(record, level.path, hidden: files - min(files, level.listedFiles), error)
        continue
      }
      guard let entry else {
        if findings.count == level.findingsBefore { soundSubtrees[level.id] = level.totals }
        continue
      }
      let slash = UInt8(ascii: "/")
      let path = level.path == [slash] ? [slash] + entry.name : level.path + [slash] + entry.name
      check(entry, path: path, record: record)
      level.listedFiles = level.listedFiles.addingSaturated(
        entry.kind == .directory ? entry.subtree.files : entry.kind == .file ? 1 : 0
      )
      stack.append(level)
      if entry.kind == .directory, let below = entry.directory,
        soundSubtrees[below] != entry.subtree
      {
        guard stack.count < SnapshotPath.depthLimit else {
          note(record, path, BackupError.tree(.tooDeep))
          continue
        }
        nodeCount += 1
        stack.append(
          Level(
            id: below,
            totals: entry.subtree,
            path: path,
            entries: reader.entries(of: below, promising: entry.subtree),
            findingsBefore: findings.count
          )
        )
      }
    }
  }

  private mutating func check(_ entry: TreeEntry, path: [UInt8], record: RecordID) {
    do {
      _ = try reader.attributes(of: entry)
      _ = try reader.holes(of: entry)
      guard entry.kind == .file else { return }
      fileCount += 1
      var items = reader.items(of: entry)
      while let reference = try items.next() { try prove(reference.id) }
    } catch {
      note(record, path, error)
    }
  }

  /// Throws unless some object that is not lost has the chunk in this store.
  private func prove(_ chunk: ChunkID) throws(RepositoryError) {
    let locations = try source.locations(of: chunk)
    guard !locations.isEmpty else { throw repository.lack(of: chunk) }
    if locations.allSatisfy({ lost.contains($0.location.place.id) }) {
      throw .damagedChunk(
        chunk,
        .damagedObject(
          locations[0].location.place.id,
          pack: locations[0].location.pack,
          reason: "every object that holds it is damaged or cannot be read"
        )
      )
    }
  }

  private mutating func note(
    _ record: RecordID,
    _ path: [UInt8],
    hidden: UInt64 = 0,
    _ error: any Error
  ) {
    findings.append(.unrestorable(record, path: path, hidden: hidden, error))
  }
}

extension UInt64 {
  /// The sum; one that would not fit is the largest number.
  fileprivate func addingSaturated(_ more: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(more)
    return overflow ? .max : sum
  }
}
