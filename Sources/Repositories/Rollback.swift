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
    let missing = try frontier(of: store).filter { log.records[$0] == nil }
    return missing.isEmpty || log.hasUnreadFiles ? [] : missing
  }
}

extension RecordLog {
  /// True if some record file could not be read whole.
  fileprivate var hasUnreadFiles: Bool {
    findings.contains { finding in
      switch finding {
      case .damagedFile, .unreadable: true
      case .refused, .missingParent, .fork, .damagedManifest: false
      }
    }
  }
}
