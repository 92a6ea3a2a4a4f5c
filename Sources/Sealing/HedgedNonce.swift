import CoreTypes
import Sodium

/// Nonces that repeat only where key and content repeat too.
///
/// A cloned machine may repeat its random numbers; a plainly random nonce would then serve two plaintexts.
/// Source: Formats/keys.md §2.
enum HedgedNonce {
  /// Bytes of a nonce of suite 1.
  static let byteCount = 24

  /// A fresh nonce under `key` for the sealing of what `content` determines.
  static func make(key: SecretBytes, content: [UInt8]) -> [UInt8] {
    let message = RandomBytes.make(count: 32) + content
    return Blake2b.derive(
      key: key,
      personal: DerivationTag.nonce,
      byteCount: byteCount,
      message.span
    )
  }
}
