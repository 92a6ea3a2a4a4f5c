// Each kind of name is a type of its own, so that a pack can never be asked for by a chunk's name.

/// Declares what every identity has in common: it is a digest with a meaning.
package protocol Identity: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The 32 bytes of the name.
  var digest: Digest { get }
  init(_ digest: Digest)
}

extension Identity {
  package static func < (left: Self, right: Self) -> Bool { left.digest < right.digest }
  package var description: String { digest.description }
  package init?(_ bytes: some RandomAccessCollection<UInt8>) {
    guard let digest = Digest(bytes) else { return nil }
    self.init(digest)
  }
}

/// Name of a chunk: keyed hash of its content and kind.
///
/// Source: Formats/chunk.md §2.
@frozen package struct ChunkID: Identity {
  package let digest: Digest
  @inlinable package init(_ digest: Digest) { self.digest = digest }
}

/// Name of an object: plain hash of its head.
///
/// Source: Formats/object.md §2.
@frozen package struct ObjectID: Identity {
  package let digest: Digest
  @inlinable package init(_ digest: Digest) { self.digest = digest }
}

/// Name of a pack: plain hash of its trailer.
///
/// Source: Formats/pack.md §3.
@frozen package struct PackID: Identity {
  package let digest: Digest
  @inlinable package init(_ digest: Digest) { self.digest = digest }
}

/// Name of a record: plain hash of its bytes.
///
/// Source: Formats/record-log.md §2.
@frozen package struct RecordID: Identity {
  package let digest: Digest
  @inlinable package init(_ digest: Digest) { self.digest = digest }
}

/// Name of a repository: hash of the format name and the root public key.
///
/// Source: Formats/configuration.md §2.
@frozen package struct RepositoryID: Identity {
  package let digest: Digest
  @inlinable package init(_ digest: Digest) { self.digest = digest }
}
