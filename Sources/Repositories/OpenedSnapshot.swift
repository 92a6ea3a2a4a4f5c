package import CoreTypes
package import Trees

/// A snapshot's record, with what it seals.
package struct OpenedSnapshot: Sendable {
  package let record: Record
  package let content: Snapshot
  /// The tags that it has now, ascending.
  package let tags: [String]

  package init(record: Record, content: Snapshot, tags: [String]) {
    self.record = record
    self.content = content
    self.tags = tags
  }

  package var id: RecordID { record.id }

  /// The machine that made it; `nil` for a merge.
  package var host: String? { content.author?.host }

  /// What was backed up, as bytes, ascending.
  package var paths: [[UInt8]] { content.roots.map(\.path) }
}
