import Synchronization
package import Trees

/// Finds names that share an inode.
///
/// Safe to use from several threads. Source: Formats/snapshot.md §4.
package final class HardLinkTable: Sendable {
  /// An inode on a device.
  package struct Key: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
      self.device = device
      self.inode = inode
    }
  }

  private let members = Mutex<[Key: [LinkMember]]>([:])

  package init() {}

  /// Notes one name of an inode that has several.
  package func note(_ key: Key, _ member: LinkMember) {
    members.withLock { $0[key, default: []].append(member) }
  }

  /// Groups of at least two names, in the order of the format.
  package var groups: [[LinkMember]] {
    members.withLock { members in
      members.values.filter { $0.count > 1 }
        .map { $0.sorted() }
        .sorted { left, right in
          guard let first = left.first, let second = right.first else { return false }
          return first < second
        }
    }
  }
}
