/// A folder or file to back up, and the path that it gets in the snapshot.
package struct BackupRoot: Hashable, Sendable {
  /// Absolute and clean.
  package let source: [UInt8]
  /// Absolute and clean; `source`, unless the person named another.
  package let name: [UInt8]

  package init(_ source: [UInt8], as name: [UInt8]? = nil) {
    self.source = source
    self.name = name ?? source
  }
}

/// The paths that were asked for, as a snapshot has them.
package struct BackupRoots: Sendable {
  /// Sorted by path, none below another.
  package let roots: [BackupRoot]
  /// Paths that were asked for and lie below a root: they are walked even where the walk stays on one file system.
  package let nested: Set<[UInt8]>
  /// If not `nil`, only these paths below the only root, `/`, are saved: there were too many to be roots.
  package let selection: PathSelection?

  /// Roots that a snapshot can have.
  ///
  /// Source: Formats/snapshot.md §1.
  package static let rootLimit = 4_096

  /// Sorts and sifts absolute, clean paths; more than `limit` of them become a selection.
  package init(
    _ paths: [[UInt8]],
    as name: [UInt8]? = nil,
    limit: Int = BackupRoots.rootLimit
  ) {
    let all = Set(paths)
    var tops: [[UInt8]] = []
    var nested: Set<[UInt8]> = []
    for path in all {
      if BackupRoots.isBelow(path, all) { nested.insert(path) } else { tops.append(path) }
    }
    tops.sort { $0.lexicographicallyPrecedes($1) }
    self.nested = nested
    guard tops.count > limit else {
      roots = tops.map { BackupRoot($0, as: name) }
      selection = nil
      return
    }
    roots = [BackupRoot([UInt8(ascii: "/")], as: name)]
    selection = PathSelection(tops)
  }

  private static func isBelow(_ path: [UInt8], _ all: Set<[UInt8]>) -> Bool {
    let slash = UInt8(ascii: "/")
    guard path != [slash] else { return false }
    if all.contains([slash]) { return true }
    var end = path.count
    while let cut = path[..<end].lastIndex(of: slash), cut > 0 {
      if all.contains(Array(path[..<cut])) { return true }
      end = cut
    }
    return false
  }
}

/// Paths, as a tree of names: what a walk visits when it must not visit everything.
package struct PathSelection: Sendable {
  /// What is wanted in a folder; a name without a selection of its own is wanted whole.
  private struct Node: Sendable {
    var children: [[UInt8]: Int] = [:]
  }

  private let nodes: [Node]
  private let place: Int

  /// A selection of absolute paths, none below another.
  init(_ paths: [[UInt8]]) {
    var nodes = [Node()]
    for path in paths {
      var place = 0
      for name in path.split(separator: UInt8(ascii: "/")) {
        if let next = nodes[place].children[Array(name)] {
          place = next
        } else {
          nodes.append(Node())
          nodes[place].children[Array(name)] = nodes.count - 1
          place = nodes.count - 1
        }
      }
    }
    self.nodes = nodes
    place = 0
  }

  private init(_ nodes: [Node], _ place: Int) {
    self.nodes = nodes
    self.place = place
  }

  /// The names that are wanted here, ascending.
  var names: [[UInt8]] {
    nodes[place].children.keys.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// What is wanted of the folder `name`; `nil` if all of it is.
  func below(_ name: [UInt8]) -> PathSelection? {
    guard let next = nodes[place].children[name], !nodes[next].children.isEmpty else { return nil }
    return PathSelection(nodes, next)
  }
}
