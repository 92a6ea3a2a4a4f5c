package import Trees

/// An entry of a snapshot from which something is looked at: a root, or what a path leads to.
package struct TreeTop: Equatable, Sendable {
  /// Absolute.
  package let path: [UInt8]
  package let entry: TreeEntry
  /// Place of its root among those of the snapshot.
  package let root: Int
  /// The names below the root that lead to it.
  package let namesBelowRoot: [[UInt8]]
}

extension TreeReader<BrowsingError> {
  /// What `path` leads to: one entry, all roots below it, or, without a path, all roots.
  ///
  /// - Parameter path: names from the top of the file system down.
  package func tops(
    of snapshot: Snapshot,
    at path: [[UInt8]]?
  ) throws(BrowsingError)
    -> [TreeTop]
  {
    guard let path else {
      return snapshot.roots.enumerated().map { number, root in
        TreeTop(path: root.path, entry: root.entry, root: number, namesBelowRoot: [])
      }
    }
    var below: [TreeTop] = []
    for (number, root) in snapshot.roots.enumerated() {
      switch root.relation(of: path) {
      case .elsewhere: continue
      case .above:
        below.append(TreeTop(path: root.path, entry: root.entry, root: number, namesBelowRoot: []))
      case .at(let names):
        guard let entry = try entry(at: names, in: root.entry) else { continue }
        return [
          TreeTop(path: Path.absolute(path), entry: entry, root: number, namesBelowRoot: names)
        ]
      }
    }
    guard !below.isEmpty else { throw .noSuchPath(Path.absolute(path)) }
    return below
  }

  /// The entry to which names below `top` lead; `nil` if there is none.
  func entry(at names: [[UInt8]], in top: TreeEntry) throws(BrowsingError) -> TreeEntry? {
    guard !names.isEmpty else { return top }
    guard let directory = top.directory else { return nil }
    return try reading { () throws(TreeReadError<BrowsingError>) in
      try entry(atPath: names, in: directory)
    }
  }
}

/// Paths as bytes.
package enum Path {
  static let slash = UInt8(ascii: "/")

  /// The absolute path of these names.
  package static func absolute(_ names: [[UInt8]]) -> [UInt8] {
    [slash] + Array(names.joined(separator: [slash]))
  }

  /// The names of a path; empty ones are left out.
  package static func names(_ path: [UInt8]) -> [[UInt8]] {
    path.split(separator: slash).map { Array($0) }
  }

  /// Goes on from a folder to what is in it.
  static func append(_ name: [UInt8], to path: inout [UInt8]) {
    if path.last != slash { path.append(slash) }
    path += name
  }
}
