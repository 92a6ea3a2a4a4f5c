package import CoreTypes
package import Repositories

/// What a run learned of the other end.
package struct MirrorContact: Sendable {
  package let repository: RepositoryID
  /// First 16 bytes of the hash of its store id; empty if the store was made by this run.
  package let mark: [UInt8]
  /// When it was last found whole where it is, as it says itself.
  package let verification: Verification?
  /// The frontier of those of this store's records that it has now; `nil` if the run did not tell.
  package let frontier: [RecordID]?
  /// Records that it has and this store lacks; `nil` if the run did not tell.
  package let extraRecordCount: UInt64?
  /// True if it holds chosen snapshots only.
  package let isSelecting: Bool
  /// True if it held chosen snapshots only, and this run makes it whole, or would.
  package let becomesWhole: Bool
}

extension MirrorPeer {
  /// What is known of the other end, also after a run that failed; `nil` if no store of this repository answered.
  package var contact: MirrorContact? {
    guard let hello = session.peerHello, let own = repository?.configuration.repositoryID else {
      return nil
    }
    let wasMade = hello.repository == nil && isOver && !session.isDryRun
    guard hello.repository == own || wasMade else { return nil }
    let held = isOver ? recordsHeldThere(hello) : nil
    return MirrorContact(
      repository: own,
      mark: hello.storeMark,
      verification: hello.verification,
      frontier: held.map { frontier(of: $0.ids) },
      extraRecordCount: held?.extra,
      isSelecting: isSelecting(hello),
      becomesWhole: hello.selection != nil && session.gives && session.ownSelection == nil
    )
  }

  private func isSelecting(_ hello: Hello) -> Bool {
    guard isOver, session.gives, !session.isDryRun else { return hello.selection != nil }
    // What it was brought decides.
    if options.choice != nil { return true }
    guard session.ownSelection != nil else { return false }
    return hello.selection != nil || hello.summary(of: .records).count == 0
  }

  /// Which of this store's records the other end has after a run that ended well.
  private func recordsHeldThere(_ hello: Hello) -> (ids: Set<RecordID>, extra: UInt64)? {
    let brought = session.isDryRun ? [] : plan?.new.map(\.id) ?? []
    let there = hello.summary(of: .records)
    guard session.gives else {
      let all = recordsAtStart.union(brought)
      guard DigestSet(all.map(\.digest)).digest == there.digest else { return nil }
      return (all, 0)
    }
    // The other end asks for every record that it lacks, and for none that it has.
    let known = recordsAtStart.subtracting(recordsGiven)
    let accounted = UInt64(known.count + brought.count)
    return (
      session.isDryRun ? known : recordsAtStart.union(brought),
      there.count > accounted ? there.count - accounted : 0
    )
  }

  private func frontier(of ids: Set<RecordID>) -> [RecordID] {
    guard let log = repository?.log else { return [] }
    var named: Set<RecordID> = []
    for id in ids {
      if let record = log.records[id] { named.formUnion(record.clear.parents) }
    }
    return ids.subtracting(named).sorted()
  }
}
