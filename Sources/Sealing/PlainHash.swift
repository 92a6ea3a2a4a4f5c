package import CoreTypes
import Sodium

/// The unkeyed hash by which a machine without keys can prove what it holds.
///
/// Source: Formats/README.md §1.
package enum PlainHash {
  /// BLAKE2b-256 of `bytes`.
  package static func of(_ bytes: [UInt8]) -> Digest { of(bytes.span) }

  /// BLAKE2b-256 of `bytes`.
  package static func of(_ bytes: borrowing Span<UInt8>) -> Digest {
    Digest(Blake2b.hash256(bytes))
  }

  /// BLAKE2b-256 of each of `messages`; together they cost far less than one by one.
  package static func of(each messages: [[UInt8]]) -> [Digest] {
    Blake2b.hash256(each: messages).map { Digest($0) }
  }
}

extension Digest {
  /// The same 32 bytes as a digest.
  init(_ hash: Hash256) {
    self.init(words: hash.a, hash.b, hash.c, hash.d)
  }
}
