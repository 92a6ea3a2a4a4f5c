import CoreTypes

/// A log, and the records of another store that may join it.
package struct MergedLog: Sendable {
  /// Both together.
  package let log: RecordLog
  /// The records that are new, each behind its parents; void ones that others build on among them.
  package let new: [Record]
  /// Why records may not join: wrong signature, unknown writer, wrong order, a parent that is nowhere.
  ///
  /// Where there is one, none of the new records may be stored.
  package let refusals: [LogFinding]
  /// Records of revoked writers, which are left out, and writers that count twice: to be named.
  package let remarks: [LogFinding]
}

extension RecordLog {
  /// Joins records of another store to this log, as far as signatures, enrolments, order and parents allow.
  ///
  /// Whether the objects are there is another question: Docs/model.md, rule 11.
  package func merging(_ received: [Record], configuration: Configuration) -> MergedLog {
    let strange = received.filter { records[$0.id] == nil }
    let strangeIDs = Set(strange.map(\.id))
    let merged = RecordLog(records: Array(records.values) + strange, configuration: configuration)
    var refusals: [LogFinding] = []
    var remarks: [LogFinding] = []
    for finding in merged.findings {
      switch finding {
      case .refused(let id, _):
        guard strangeIDs.contains(id) else { continue }
        if merged.isRevokedRemark(finding) {
          remarks.append(finding)
        } else {
          refusals.append(finding)
        }
      case .missingParent(let id, _):
        if strangeIDs.contains(id), merged.records[id] != nil { refusals.append(finding) }
      case .fork(let first, let second):
        if strangeIDs.contains(first) || strangeIDs.contains(second) { remarks.append(finding) }
      case .damagedFile, .unreadable: break
      }
    }
    let accepted = strange.filter { merged.records[$0.id] != nil }
    let order = RecordOrder.parentsFirst(accepted.map { (id: $0.id, parents: $0.clear.parents) })
    refusals += merged.sequenceFaults().filter { finding in
      if case .refused(let id, _) = finding { return strangeIDs.contains(id) }
      return false
    }
    return MergedLog(
      log: merged,
      new: order.map { accepted[$0] },
      refusals: refusals,
      remarks: remarks
    )
  }

  private func isRevokedRemark(_ finding: LogFinding) -> Bool {
    if case .refused(_, let reason) = finding { return reason == RecordLog.revokedReason }
    return false
  }

  /// Records whose sequence is not above that of each record of the same writer that they have seen.
  private func sequenceFaults() -> [LogFinding] {
    let all = Array(records.values)
    let order = RecordOrder.parentsFirst(all.map { (id: $0.id, parents: $0.clear.parents) })
    var seen: [RecordID: [Digest: UInt64]] = [:]
    var faults: [LogFinding] = []
    for index in order {
      let record = all[index]
      var highest: [Digest: UInt64] = [:]
      for parent in record.clear.parents {
        guard let other = seen[parent] else { continue }
        if highest.isEmpty {
          highest = other
        } else {
          highest.merge(other) { max($0, $1) }
        }
      }
      let (writer, sequence) = (record.clear.writer, record.clear.sequence)
      if let before = highest[writer], before >= sequence {
        faults.append(
          .refused(
            record.id,
            reason: "its number \(sequence) does not follow its writer's \(before)"
          )
        )
      }
      highest[writer] = max(sequence, highest[writer] ?? 0)
      seen[record.id] = highest
    }
    return faults
  }
}
