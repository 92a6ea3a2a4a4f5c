package import CoreTypes
package import Sealing

/// The tags of snapshots: what their authors gave, and what records of kind 6 have said since.
///
/// Source: Formats/record-log.md §7.
package struct SnapshotTags: Sendable {
  private var tagsBySnapshot: [RecordID: [String]] = [:]
  /// Records of kind 6 that do not open, or are not as their page says; they count as absent.
  package private(set) var malformed: [RecordID] = []

  /// Reads what the records of a log say.
  package init(log: RecordLog, keyring: Keyring) {
    var lists: [RecordID: [String]] = [:]
    var recordsBySnapshot: [RecordID: [RecordID]] = [:]
    for record in log.records.values
    where record.clear.kind == .tags && !log.void.contains(record.id) {
      do {
        lists[record.id] = try TagList.decode(try record.content(with: keyring))
      } catch {
        malformed.append(record.id)
        continue
      }
      for subject in record.clear.subjects {
        recordsBySnapshot[subject, default: []].append(record.id)
      }
    }
    malformed.sort()
    var ancestry = RecordAncestry(log: log)
    for (snapshot, records) in recordsBySnapshot {
      // Of concurrent records none has seen the other: what any of them says stays.
      let tags = ancestry.unseen(records).flatMap { lists[$0] ?? [] }
      tagsBySnapshot[snapshot] = TagList.ordered(tags)
    }
  }

  /// The tags that a snapshot has, ascending.
  ///
  /// - Parameter given: those of its author, which count as long as no record says anything.
  package func tags(of snapshot: RecordID, given: [String]) -> [String] {
    tagsBySnapshot[snapshot] ?? TagList.ordered(given)
  }
}

/// Answers which of some records no other of them has seen; remembers its answers.
private struct RecordAncestry {
  private let log: RecordLog
  private var answers: [[RecordID]: [RecordID]] = [:]
  private var ranks: [RecordID: Int]?

  init(log: RecordLog) { self.log = log }

  /// Those of `records` that are no ancestors of others among them, ascending.
  mutating func unseen(_ records: [RecordID]) -> [RecordID] {
    guard records.count > 1 else { return records }
    let records = records.sorted()
    if let answer = answers[records] { return answer }
    let ranks = self.ranks ?? Self.ranks(of: log)
    self.ranks = ranks
    let lowest = records.compactMap { ranks[$0] }.min() ?? 0
    var seen: Set<RecordID> = []
    var pending = records.flatMap { log.records[$0]?.clear.parents ?? [] }
    while let id = pending.popLast() {
      // What ranks below all of them cannot lead to one of them.
      guard let rank = ranks[id], rank >= lowest, seen.insert(id).inserted,
        let record = log.records[id]
      else { continue }
      pending += record.clear.parents
    }
    let answer = records.filter { !seen.contains($0) }
    answers[records] = answer
    return answer
  }

  /// For each record the length of the longest way to one without parents.
  private static func ranks(of log: RecordLog) -> [RecordID: Int] {
    var ranks: [RecordID: Int] = [:]
    for id in log.records.keys {
      var pending = [id]
      // With a stack of its own: a log is as deep as it is long.
      while let next = pending.last {
        guard ranks[next] == nil, let record = log.records[next] else {
          pending.removeLast()
          continue
        }
        let parents = record.clear.parents.filter { log.records[$0] != nil }
        let unknown = parents.filter { ranks[$0] == nil }
        if unknown.isEmpty {
          ranks[next] = 1 + (parents.compactMap { ranks[$0] }.max() ?? 0)
          pending.removeLast()
        } else {
          pending += unknown
        }
      }
    }
    return ranks
  }
}
