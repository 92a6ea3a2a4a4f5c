package import CoreTypes

/// What was backed up, and how: the sealed part of a snapshot's record.
///
/// Source: Formats/snapshot.md.
package struct Snapshot: Equatable, Sendable {
  /// Records of the snapshots that this one follows, ascending.
  package var parents: [RecordID] = []
  /// Sorted by path.
  package var roots: [SnapshotRoot] = []
  /// Sorted by name.
  package var rules: [SnapshotRule] = []
  /// Names of the users and groups that occur, sorted by number.
  package var users: [SnapshotOwner] = []
  package var groups: [SnapshotOwner] = []
  /// Nodes of hard links, in order.
  package var hardLinks: [ChunkID] = []
  /// What is below all roots, the roots themselves among the entries.
  package var totals = TreeTotals.zero
  /// `nil` for a merge.
  package var author: SnapshotAuthor?
  /// Source entries that could not be read.
  package var unreadable: UInt64 = 0

  package init() {}

  /// The sum of what the roots add.
  package var sumOfRoots: TreeTotals {
    roots.reduce(.zero) { $0.adding($1.entry.totals) }
  }
}

/// A folder or file that was backed up.
///
/// Source: Formats/snapshot.md §2.
package struct SnapshotRoot: Equatable, Sendable {
  /// Absolute and clean, as bytes.
  package var path: [UInt8]
  /// The entry, with a name of `.`.
  package var entry: TreeEntry

  package init(path: [UInt8], entry: TreeEntry) {
    self.path = path
    self.entry = entry
  }
}

/// A rule that was in force, such as an exclusion.
package struct SnapshotRule: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// A user or group as the machine knew it.
///
/// Source: Formats/snapshot.md §3.
package struct SnapshotOwner: Hashable, Sendable {
  package var number: UInt32
  package var name: String

  package init(number: UInt32, name: String) {
    self.number = number
    self.name = name
  }
}

/// Who made a snapshot, when, and with what.
///
/// Source: Formats/snapshot.md §1, key 8.
package struct SnapshotAuthor: Equatable, Sendable {
  package var time = EntryTime.zero
  package var host = ""
  package var user = ""
  /// Name and version.
  package var program = ""
  package var tags: [String] = []

  package init() {}

  package init(time: EntryTime, host: String, user: String, program: String, tags: [String]) {
    self.time = time
    self.host = host
    self.user = user
    self.program = program
    self.tags = tags
  }
}

/// Bounds of a snapshot.
///
/// Source: Formats/snapshot.md §1.
package enum SnapshotLimits {
  package static let parents = 64
  package static let roots = 4_096
  package static let rules = 256
  /// Users, and groups.
  package static let owners = 65_536
  package static let hardLinkNodes = 65_536
  package static let tags = 256
  /// Longest value of a rule, in bytes.
  package static let ruleByteCount = 65_535
  /// Longest other text, in bytes.
  package static let textByteCount = 1_024
  /// Largest encoded snapshot, in bytes: what fits a record file.
  package static let byteCount = 67_108_864
}

/// Keys of the snapshot's map.
enum SnapshotKey: UInt64 {
  case version = 1
  case parents = 2
  case roots = 3
  case rules = 4
  case owners = 5
  case hardLinks = 6
  case totals = 7
  case author = 8
  case unreadable = 9

  /// The only version there is.
  static let currentVersion: UInt64 = 1
}

/// Keys of the author's map.
enum AuthorKey: UInt64 {
  case time = 1
  case host = 2
  case user = 3
  case program = 4
  case tags = 5
}
