/// Where a path stands as seen from a root.
package enum RootRelation: Equatable, Sendable {
  /// The path is the root, or lies below it by these names.
  case at([[UInt8]])
  /// The root lies below the path.
  case above
  case elsewhere
}

extension SnapshotRoot {
  /// Where an absolute path, given by its names, stands as seen from this root.
  package func relation(of path: [[UInt8]]) -> RootRelation {
    let names = path.count
    var own = 0
    for name in self.path.split(separator: UInt8(ascii: "/")) {
      guard own < names else { return .above }
      guard name.elementsEqual(path[own]) else { return .elsewhere }
      own += 1
    }
    return .at(Array(path.dropFirst(own)))
  }
}
