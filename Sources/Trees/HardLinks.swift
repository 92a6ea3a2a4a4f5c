import Encoding

/// Groups of names of one file, as nodes.
///
/// Source: Formats/snapshot.md §4.
package enum HardLinks {
  /// Bytes of members after which a group goes on in another one.
  private static let groupByteCount = 262_144

  /// The encoded nodes that hold `groups`, which may come in any order.
  ///
  /// Members of one name, and groups of fewer than two members, are left out.
  package static func nodes(of groups: [[LinkMember]]) -> [[UInt8]] {
    var parts: [[LinkMember]] = []
    for group in groups { parts.append(contentsOf: split(group.sorted())) }
    parts.sort { $0.lexicographicallyPrecedes($1) }

    var nodes: [[UInt8]] = []
    var node: [[LinkMember]] = []
    var byteCount = 0
    for part in parts {
      node.append(part)
      byteCount += part.reduce(0) { $0 + encodedByteCount($1) }
      if node.count == TreeLimits.linkGroups || byteCount >= TreeLimits.pageByteCount {
        nodes.append(TreeNode.hardLinks(node).encoded())
        node = []
        byteCount = 0
      }
    }
    if !node.isEmpty { nodes.append(TreeNode.hardLinks(node).encoded()) }
    return nodes
  }

  /// The groups of `nodes`, those that were split joined again.
  package static func groups(of nodes: [TreeNode]) throws(TreeError) -> [[LinkMember]] {
    var groups: [[LinkMember]] = []
    var last: [LinkMember] = []
    for node in nodes {
      guard case .hardLinks(let parts) = node else { throw .unexpectedNode(node.kind) }
      for part in parts {
        guard last.lexicographicallyPrecedes(part) else { throw .illegalGroup }
        if let first = groups.last?.first, first == part.first {
          groups[groups.count - 1].append(contentsOf: part.dropFirst())
        } else {
          groups.append(part)
        }
        last = part
      }
    }
    return groups
  }

  /// A sorted group in parts of bounded length, each beginning with its first member.
  private static func split(_ group: [LinkMember]) -> [[LinkMember]] {
    guard let first = group.first else { return [] }
    var parts: [[LinkMember]] = []
    var part = [first]
    var byteCount = encodedByteCount(first)
    var last = first
    for member in group where member != last {
      last = member
      part.append(member)
      byteCount += encodedByteCount(member)
      if part.count == TreeLimits.linkMembers || byteCount >= groupByteCount {
        parts.append(part)
        part = [first]
        byteCount = encodedByteCount(first)
      }
    }
    if part.count > 1 { parts.append(part) }
    return parts
  }

  /// Bytes of a member in a node, at most.
  private static func encodedByteCount(_ member: LinkMember) -> Int { member.path.count + 11 }
}

extension CBORReader {
  mutating func groups() throws(TreeError) -> [[LinkMember]] {
    let count = try array(limit: TreeLimits.linkGroups)
    guard count > 0 else { throw .elementCount(0) }
    var groups: [[LinkMember]] = []
    groups.reserveCapacity(count)
    for _ in 0..<count {
      let group = try group()
      if let last = groups.last, !last.lexicographicallyPrecedes(group) { throw .illegalGroup }
      groups.append(group)
    }
    return groups
  }

  private mutating func group() throws(TreeError) -> [LinkMember] {
    let count = try array(limit: TreeLimits.linkMembers)
    var group: [LinkMember] = []
    group.reserveCapacity(count)
    for _ in 0..<count {
      try array(exactly: 2)
      let raw = try number()
      guard let root = UInt32(exactly: raw) else { throw .illegalGroup }
      let path = try byteString(limit: TreeLimits.pathByteCount)
      try validate(relativePath: path)
      let member = LinkMember(root: root, path: path)
      if let last = group.last, !(last < member) { throw .illegalGroup }
      group.append(member)
    }
    guard group.count >= 2 else { throw .illegalGroup }
    return group
  }
}
