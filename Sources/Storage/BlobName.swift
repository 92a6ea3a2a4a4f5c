package import CoreTypes

/// The kinds of immutable files in a store.
///
/// Source: Formats/store.md.
package enum BlobKind: String, CaseIterable, Sendable {
  case slot = "slots"
  case keyringEntry = "keyring"
  case pack = "packs"
  case manifest = "manifests"
  case record = "records"

  /// The folder that holds this kind.
  package var folder: String { rawValue }

  /// Largest file of this kind that a reader accepts whole.
  ///
  /// Source: Formats/README.md §3.
  package var byteLimit: Int {
    switch self {
    case .slot, .keyringEntry: 4096
    case .pack: 1 << 30
    case .manifest: 16 + 32 * 1_048_576
    case .record: 1 << 30
    }
  }
}

/// A file of a store: its kind, and the hash that is its name.
package struct BlobName: Hashable, Sendable, CustomStringConvertible {
  package let kind: BlobKind
  package let digest: Digest

  package init(_ kind: BlobKind, _ digest: Digest) {
    self.kind = kind
    self.digest = digest
  }

  /// The path inside a store.
  package var description: String {
    switch kind {
    case .pack: "packs/\(digest.description.prefix(2))/\(digest)"
    case .slot, .keyringEntry, .manifest, .record: "\(kind.folder)/\(digest)"
    }
  }
}
