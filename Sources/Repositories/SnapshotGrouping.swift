/// Puts snapshots together that are of one machine, of the same paths, or have the same tags.
package struct SnapshotGrouping: Hashable, Sendable {
  /// What members of a group have in common.
  package enum Criterion: String, Sendable, CaseIterable {
    case host
    case paths
    case tags
  }

  package let criteria: Set<Criterion>

  package init(by criteria: Set<Criterion>) { self.criteria = criteria }

  /// What the members of one group share; `nil` where it does not count.
  package struct Key: Hashable, Sendable {
    /// Empty for a merge, which has no machine.
    package let host: String?
    package let paths: [[UInt8]]?
    package let tags: [String]?
  }

  /// Snapshots with one key, in the order in which they came.
  package struct Group: Sendable {
    package let key: Key
    package fileprivate(set) var snapshots: [OpenedSnapshot]
  }

  /// The group of a snapshot.
  package func key(of snapshot: OpenedSnapshot) -> Key {
    Key(
      host: criteria.contains(.host) ? snapshot.host ?? "" : nil,
      paths: criteria.contains(.paths) ? snapshot.paths : nil,
      tags: criteria.contains(.tags) ? snapshot.tags : nil
    )
  }

  /// The groups, in the order of their first members.
  package func groups(of snapshots: [OpenedSnapshot]) -> [Group] {
    var places: [Key: Int] = [:]
    var groups: [Group] = []
    for snapshot in snapshots {
      let key = key(of: snapshot)
      if let place = places[key] {
        groups[place].snapshots.append(snapshot)
      } else {
        places[key] = groups.count
        groups.append(Group(key: key, snapshots: [snapshot]))
      }
    }
    return groups
  }

  /// The last `count` of every group, in the order in which they came.
  package func newest(_ count: Int, of snapshots: [OpenedSnapshot]) -> [OpenedSnapshot] {
    var left: [Key: Int] = [:]
    var kept: [OpenedSnapshot] = []
    for snapshot in snapshots.reversed() {
      let key = key(of: snapshot)
      let remaining = left[key] ?? count
      guard remaining > 0 else { continue }
      left[key] = remaining - 1
      kept.append(snapshot)
    }
    return kept.reversed()
  }
}
