import Repositories
import Restoring
import Trees

/// Which entries of a snapshot are names of one file.
struct LinkGroups {
  private var groups: [LinkMember: Int] = [:]
  private var nameCounts: [Int] = []

  /// A table that cannot be read is noted: the names come back as files of their own.
  init(of snapshot: Snapshot, reader: TreeReader<RepositoryError>, progress: RestoreProgress) {
    do {
      let nodes = try snapshot.hardLinks.map { try reader.node($0) }
      for (group, members) in try HardLinks.groups(of: nodes).enumerated() {
        for member in members { groups[member] = group }
        nameCounts.append(members.count)
      }
    } catch {
      progress.note(RestoreFinding(path: [], reason: .damagedContent(error)))
    }
  }

  /// The number of the group that an entry is in.
  func group(of walked: WalkedEntry) -> Int? {
    guard !groups.isEmpty else { return nil }
    return groups[LinkMember(root: UInt32(clamping: walked.root), path: walked.pathBelowRoot)]
  }

  /// How many names the entries of a group have together; 1 for one in no group.
  func nameCount(_ group: Int?) -> Int { group.map { nameCounts[$0] } ?? 1 }
}
