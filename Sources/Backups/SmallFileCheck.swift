import Sealing
import Storage

/// Checks that nothing strange lies in a store, and that its slots, keyring entries and manifests are what they should be.
struct SmallFileCheck {
  let store: any BlobStore
  /// Throws what is wrong with the content of a file whose name is the hash of it.
  let prove: (BlobName, [UInt8]) throws -> Void

  func run(_ report: inout CheckReport) {
    do {
      report.findings += try store.strangers().map { .stranger($0) }
      for kind in [BlobKind.slot, .keyringEntry, .manifest] {
        for digest in try store.names(of: kind).sorted() {
          let name = BlobName(kind, digest)
          if let reason = damage(of: name) {
            report.findings.append(.damagedFile(name, reason: reason))
          }
        }
      }
    } catch {
      report.findings.append(.storage(error))
    }
  }

  private func damage(of name: BlobName) -> String? {
    do {
      let bytes = try store.read(name)
      guard PlainHash.of(bytes) == name.digest else {
        return "its content does not hash to its name"
      }
      try prove(name, bytes)
      return nil
    } catch {
      return "\(error)"
    }
  }
}
