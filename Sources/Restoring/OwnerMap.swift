import Trees

/// Which users and groups of a snapshot become which others.
package struct OwnerMap: Equatable, Sendable {
  package private(set) var users: [UInt32: UInt32] = [:]
  package private(set) var groups: [UInt32: UInt32] = [:]

  package init() {}

  package mutating func map(user: UInt32, to other: UInt32) { users[user] = other }
  package mutating func map(group: UInt32, to other: UInt32) { groups[group] = other }

  package var isEmpty: Bool { users.isEmpty && groups.isEmpty }

  func owner(of entry: TreeEntry) -> (uid: UInt32, gid: UInt32) {
    (uid: users[entry.uid] ?? entry.uid, gid: groups[entry.gid] ?? entry.gid)
  }

  /// An attribute with the users and groups of an access control list replaced.
  func attribute(_ attribute: EntryAttribute) -> EntryAttribute {
    guard !isEmpty, attribute.name.starts(with: AttributeName.accessControlPrefix) else {
      return attribute
    }
    return EntryAttribute(name: attribute.name, value: accessControl(attribute.value))
  }

  /// A list as the kernel keeps it: version u32 = 2, then tag u16, permissions u16, number u32 for each.
  ///
  /// Source: Linux, include/uapi/linux/posix_acl_xattr.h.
  private func accessControl(_ value: [UInt8]) -> [UInt8] {
    guard value.count >= 4, (value.count - 4) % 8 == 0, value.starts(with: [2, 0, 0, 0]) else {
      return value
    }
    var mapped = value
    for start in stride(from: 4, to: value.count, by: 8) {
      let tag = UInt16(value[start]) | UInt16(value[start + 1]) << 8
      let number = (4..<8).reduce(UInt32(0)) {
        $0 | UInt32(value[start + $1]) << UInt32(8 * ($1 - 4))
      }
      let other: UInt32?
      switch tag {
      case 0x02: other = users[number]
      case 0x08: other = groups[number]
      default: other = nil
      }
      guard let other else { continue }
      for place in 4..<8 {
        mapped[start + place] = UInt8(truncatingIfNeeded: other >> UInt32(8 * (place - 4)))
      }
    }
    return mapped
  }
}

/// Names of extended attributes that mean something here.
///
/// Source: xattr(7).
enum AttributeName {
  static let accessControlPrefix = Array("system.posix_acl_".utf8)
  static let defaultAccessControl = Array("system.posix_acl_default".utf8)
  static let capability = Array("security.capability".utf8)
  static let userPrefix = Array("user.".utf8)
  static let trustedPrefix = Array("trusted.".utf8)

  /// Whether a restore takes away an attribute of this name when the snapshot lacks it.
  ///
  /// Labels of security modules belong to the machine.
  static func isRestored(_ name: [UInt8]) -> Bool {
    name.starts(with: userPrefix) || name.starts(with: trustedPrefix)
      || name.starts(with: accessControlPrefix) || name == capability
  }
}
