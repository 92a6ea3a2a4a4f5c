import Files
import Synchronization

/// Collects the owners that occur, and looks up their names at the end.
package final class OwnerNames: Sendable {
  private struct Seen {
    var users: Set<UInt32> = []
    var groups: Set<UInt32> = []
  }

  private let seen = Mutex(Seen())

  package init() {}

  /// Notes the owner of an entry.
  package func note(user: UInt32, group: UInt32) {
    seen.withLock { seen in
      seen.users.insert(user)
      seen.groups.insert(group)
    }
  }

  /// Names that this machine knows, by id.
  ///
  /// Source: Formats/snapshot.md §3.
  package var names: (users: [(id: UInt32, name: String)], groups: [(id: UInt32, name: String)]) {
    let (users, groups) = seen.withLock { ($0.users.sorted(), $0.groups.sorted()) }
    return (
      users.compactMap { id in AccountNames.user(id).map { (id: id, name: $0) } },
      groups.compactMap { id in AccountNames.group(id).map { (id: id, name: $0) } }
    )
  }
}
