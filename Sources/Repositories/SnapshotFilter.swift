/// Which snapshots are meant, by machine, tags and paths; restic's rules.
package struct SnapshotFilter: Hashable, Sendable {
  /// One of these machines; any if empty.
  package var hosts: [String]
  /// All tags of one of these lists; any if empty.
  ///
  /// An empty text asks for a snapshot without tags.
  package var tagLists: [[String]]
  /// All of these among its roots.
  package var paths: [[UInt8]]

  package init(hosts: [String] = [], tagLists: [[String]] = [], paths: [[UInt8]] = []) {
    self.hosts = hosts
    self.tagLists = tagLists
    self.paths = paths
  }

  /// Admits all.
  package static let everything = SnapshotFilter()

  /// True if the snapshot is meant.
  package func admits(_ snapshot: OpenedSnapshot) -> Bool {
    admits(host: snapshot.host, tags: snapshot.tags, paths: snapshot.paths)
  }

  /// True if a snapshot of this machine, with these tags and roots, is meant.
  package func admits(host: String?, tags: [String], paths found: [[UInt8]]) -> Bool {
    if !hosts.isEmpty {
      guard let host, hosts.contains(host) else { return false }
    }
    guard tagLists.isEmpty || tagLists.contains(where: { Self.has(tags, all: $0) }) else {
      return false
    }
    return paths.allSatisfy { found.contains($0) }
  }

  private static func has(_ tags: [String], all wanted: [String]) -> Bool {
    wanted.allSatisfy { $0.isEmpty ? tags.isEmpty : tags.contains($0) }
  }
}
