package import CoreTypes
package import Repositories
package import Trees

/// A state in which a path was seen by one snapshot or several in a row.
package struct PathVersion: Sendable {
  /// How it differs from the state before.
  package enum Change: Equatable, Sendable {
    /// Not there before, or nothing is known of before.
    case appeared
    case content
    case metadata
    /// Something of another kind.
    case kind
    case vanished
  }

  /// A snapshot that saw it.
  package struct Sighting: Equatable, Sendable {
    package let snapshot: RecordID
    package let time: PointInTime
  }

  package let change: Change
  /// `nil` if the path was not there.
  package let entry: TreeEntry?
  package let first: Sighting
  package internal(set) var last: Sighting
  /// Snapshots in a row that saw it so.
  package internal(set) var count = 1
}

/// Follows a path through snapshots, oldest first.
///
/// A snapshot without a root at or above the path says nothing of it. Folders that two snapshots in a row share are read once.
package struct PathHistory {
  private let reader: TreeReader<BrowsingError>
  private let path: [[UInt8]]
  /// The folders on the way in the last snapshot that was read, by depth; each leads to `lastAnswer`.
  private var steps: [ChunkID?] = []
  private var lastAnswer: TreeEntry?
  /// In order of time.
  package private(set) var versions: [PathVersion] = []
  /// Snapshots that could have had the path.
  package private(set) var snapshotCount = 0

  /// - Parameter path: names from the top of the file system down.
  package init(of path: [[UInt8]], reader: TreeReader<BrowsingError>) {
    self.path = path
    self.reader = reader
  }

  /// Looks at the next snapshot.
  package mutating func follow(_ snapshot: OpenedSnapshot) throws(BrowsingError) {
    for root in snapshot.content.roots {
      guard case .at(let names) = root.relation(of: path) else { continue }
      snapshotCount += 1
      note(try entry(at: names, in: root.entry), in: snapshot)
      return
    }
  }

  private mutating func note(_ entry: TreeEntry?, in snapshot: OpenedSnapshot) {
    let sighting = PathVersion.Sighting(snapshot: snapshot.id, time: snapshot.record.clear.time)
    let known = versions.last?.entry
    guard let change = Self.change(from: known, to: entry) else {
      // Not there, and never seen before.
      guard !versions.isEmpty else { return }
      versions[versions.count - 1].last = sighting
      versions[versions.count - 1].count += 1
      return
    }
    versions.append(
      PathVersion(change: change, entry: entry, first: sighting, last: sighting)
    )
  }

  private static func change(from old: TreeEntry?, to new: TreeEntry?) -> PathVersion.Change? {
    guard let new else { return old == nil ? nil : .vanished }
    guard var old else { return .appeared }
    // A root has no name of its own.
    old.name = new.name
    guard old != new else { return nil }
    guard old.kind == new.kind else { return .kind }
    return old.hasContent(of: new) && old.directory == new.directory ? .metadata : .content
  }

  /// Like `TreeReader.entry(atPath:in:)`, but stops where the last snapshot had the same folder.
  private mutating func entry(
    at names: [[UInt8]],
    in top: TreeEntry
  ) throws(BrowsingError)
    -> TreeEntry?
  {
    var entry: TreeEntry? = top
    var steps: [ChunkID?] = []
    // Roots may differ in depth: equal folders have equal answers if the rest of the path is equal.
    let offset = path.count - names.count
    for (depth, name) in names.enumerated() {
      guard let folder = entry?.directory else {
        entry = nil
        break
      }
      let place = offset + depth
      if place < self.steps.count, self.steps[place] == folder {
        // From here on nothing differs; on the way here something may.
        self.steps.replaceSubrange(0..<steps.count, with: steps)
        return lastAnswer
      }
      while steps.count < place { steps.append(nil) }
      steps.append(folder)
      entry = try reading { () throws(TreeReadError<BrowsingError>) in
        try reader.entry(named: name, in: folder)
      }
    }
    self.steps = steps
    lastAnswer = entry
    return entry
  }
}
