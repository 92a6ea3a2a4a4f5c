import Backups
import Storage

/// What a check advises where files are damaged that open the repository, while others still do.
extension CheckText {
  /// True if backing up again helps against nothing of what was found.
  static func isOfKeysAlone(_ report: CheckReport) -> Bool {
    report.findings.allSatisfy { kind(of: $0) != nil }
  }

  /// Says what to do about damaged slots and keyring entries; nothing if there are none.
  func warnOfKeys(_ report: CheckReport) {
    let kinds = report.findings.compactMap { CheckText.kind(of: $0) }
    let heal = "`kist check \(opening == .keyless ? "--without-key " : "")--repair-from COPY`"
    if kinds.contains(.slot) {
      console.warn(
        paragraph:
          "A damaged key slot opens nothing: the password or the recovery key on paper that is for it is worthless until "
          + "it is back. \(heal) brings it back from a copy; without one, `kist key list` shows which it is, "
          + "`kist key remove ID` takes it away, and `kist key add` makes another."
      )
    }
    if kinds.contains(.keyringEntry) {
      console.warn(
        paragraph:
          "What was sealed with the key of a damaged keyring entry stays closed until it is back. \(heal) brings it "
          + "back from a copy; without one, put back the file of `keyring/` that `kist key export` wrote."
      )
    }
  }

  /// What a finding says is damaged, if that is a slot or a keyring entry.
  private static func kind(of finding: CheckFinding) -> BlobKind? {
    guard case .damagedFile(let name, _) = finding else { return nil }
    switch name.kind {
    case .slot, .keyringEntry: return name.kind
    case .pack, .manifest, .record: return nil
    }
  }
}
