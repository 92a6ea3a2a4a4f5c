import CoreTypes
import Sodium

/// The check line of the `store` file.
enum StoreCheck {
  /// BLAKE2b-256 of some bytes.
  static func hash(_ bytes: [UInt8]) -> Digest {
    let hash = Blake2b.hash256(bytes.span)
    return Digest(words: hash.a, hash.b, hash.c, hash.d)
  }
}
