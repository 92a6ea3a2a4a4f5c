import Sealing
import Storage

/// Checks that nothing strange lies in a store, and that its slots, keyring entries and manifests are what they should be.
struct SmallFileCheck {
  let store: any BlobStore
  /// Throws what is wrong with the content of a file whose name is the hash of it.
  let prove: (BlobName, [UInt8]) throws -> Void

  func run(_ report: inout CheckReport) {
    do {
      report.strangers = try store.strangers()
      for kind in [BlobKind.slot, .keyringEntry, .manifest] {
        for digest in try store.names(of: kind).sorted() {
          let name = BlobName(kind, digest)
          if let finding = finding(in: name) { report.findings.append(finding) }
        }
      }
    } catch {
      report.findings.append(.storage(error))
    }
  }

  private func finding(in name: BlobName) -> CheckFinding? {
    do {
      let bytes = try store.read(name)
      guard PlainHash.of(bytes) == name.digest else {
        return .damagedFile(name, reason: "its content does not hash to its name")
      }
      try prove(name, bytes)
      return nil
    } catch let error as StorageError {
      return .storage(error)
    } catch {
      return .damagedFile(name, reason: "\(error)")
    }
  }
}
