package import CoreTypes
package import Files

extension ClientMemory {
  /// Records that this client saw in a store and that are gone; empty if the store is not older than then.
  ///
  /// Where a record file is damaged, the records may be in it: that is damage, and says nothing about age.
  package func lost(
    from log: RecordLog,
    of store: StoreID
  ) throws(FilesError) -> [RecordID] {
    log.unreadFiles.isEmpty ? try unseen(in: log, of: store) : []
  }

  /// Throws if records that this client saw in a store are not in `log`: what is written next would not follow them.
  ///
  /// Says of a damaged record file that it is damaged, and of an older copy that it is older.
  func refuseLoss(from log: RecordLog, of store: StoreID) throws(RepositoryError) {
    let missing: [RecordID]
    do {
      missing = try unseen(in: log, of: store)
    } catch {
      throw .files(error)
    }
    guard !missing.isEmpty else { return }
    let unread = log.unreadFiles
    throw unread.isEmpty ? .rollback(missing: missing) : .unreadRecords(unread)
  }

  /// What a repair may give up: records that are damaged, or gone and nothing that this client saw last.
  ///
  /// Throws if records are gone that this client saw in the store, and no damaged file can have held them: that is no
  /// damage, but an older copy. Source: Docs/decisions/0029-records-given-up.md.
  package func lostRecords(
    of log: RecordLog,
    in store: StoreID
  ) throws(RepositoryError) -> LostRecords {
    let remembered: [RecordID]
    do {
      remembered = try unseen(in: log, of: store)
    } catch {
      throw .files(error)
    }
    let files = log.unreadFiles
    let named = Set(files.map { RecordID($0) })
    let parents = Set(log.findings.compactMap(\.lostParent))
    // A file that has no record's name may hold many, as mirrors write them.
    let mayHoldOthers = !named.subtracting(parents).isSubset(of: remembered)
    let gone = remembered.filter { !named.contains($0) }
    guard gone.isEmpty || mayHoldOthers else { throw .rollback(missing: gone) }
    return LostRecords(
      files: files,
      records: named.union(parents).union(remembered).sorted()
    )
  }

  private func unseen(in log: RecordLog, of store: StoreID) throws(FilesError) -> [RecordID] {
    let gone = try frontier(of: store).filter {
      log.records[$0] == nil && !log.givenUp.contains($0)
    }
    guard !gone.isEmpty else { return [] }
    // A record that is refused is not gone: its id is the hash of what is here.
    let refused = Set(log.findings.compactMap(\.refusedRecord))
    return gone.filter { !refused.contains($0) }
  }
}

/// Records that a store has lost, as far as anything names them.
package struct LostRecords: Equatable, Sendable {
  /// Record files that are there and cannot be read whole.
  package let files: [Digest]
  /// Records by the names of those files, parents that are missing, and what this machine saw, ascending.
  package let records: [RecordID]
}

extension RecordLog {
  /// Names of the record files that could not be read whole.
  package var unreadFiles: [Digest] { findings.compactMap(\.unreadFile) }
}
