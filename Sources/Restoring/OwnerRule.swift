import Trees

/// Who is to own what is restored, and what the process may do about it.
package struct OwnerRule: Equatable, Sendable {
  /// What the person wants.
  package enum Wish: Equatable, Sendable {
    /// The owners of the snapshot, some of them replaced.
    case snapshot(OwnerMap)
    /// Whoever restores.
    case restorer
  }

  package let wish: Wish
  /// User and group whose rights the process has.
  package let userID: UInt32
  package let groupID: UInt32

  package init(wish: Wish, userID: UInt32, groupID: UInt32) {
    self.wish = wish
    self.userID = userID
    self.groupID = groupID
  }

  /// Only root can give files away.
  var isPrivileged: Bool { userID == 0 }

  /// The owner that an entry should get; `nil`: whoever it has.
  func owner(of entry: TreeEntry) -> (uid: UInt32, gid: UInt32)? {
    switch wish {
    case .snapshot(let map): map.owner(of: entry)
    case .restorer: nil
    }
  }

  func attributes(_ attributes: [EntryAttribute]) -> [EntryAttribute] {
    guard case .snapshot(let map) = wish, !map.isEmpty else { return attributes }
    return attributes.map { map.attribute($0) }
  }
}
