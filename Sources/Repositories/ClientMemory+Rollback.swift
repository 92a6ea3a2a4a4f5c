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

  private func unseen(in log: RecordLog, of store: StoreID) throws(FilesError) -> [RecordID] {
    try frontier(of: store).filter { log.records[$0] == nil }
  }
}

extension RecordLog {
  /// Names of the record files that could not be read whole.
  package var unreadFiles: [Digest] {
    findings.compactMap { finding in
      switch finding {
      case .damagedFile(let name, _), .unreadable(let name, _): name
      case .refused, .missingParent, .fork: nil
      }
    }
  }
}
