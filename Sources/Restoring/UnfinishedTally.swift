import Synchronization

/// Counts the files that a restore has begun under their own names and not finished: each has the mark of such a file.
///
/// Source: Docs/decisions/0011-unfinished-files.md.
package final class UnfinishedTally: Sendable {
  private let files = Atomic(0)

  package init() {}

  /// How many there are now.
  package var count: Int { files.load(ordering: .relaxed) }

  func begin() { files.add(1, ordering: .relaxed) }

  func end() { files.subtract(1, ordering: .relaxed) }
}
