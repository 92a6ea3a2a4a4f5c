package import CoreTypes

/// Why something sealed could not be made, or not be opened.
package enum SealingError: Error, Equatable, Sendable {
  /// Not of the shape that the format page gives; `what` names the part.
  case malformed(what: String)
  /// The version or suite is not one that this program knows.
  case unknownSuite(version: UInt8, suite: UInt8)
  /// The keyring lacks the key with this id.
  case unknownKey(KeyID)
  /// The commitment does not match the key: the head is damaged.
  case commitmentMismatch
  /// The authentication tag does not match: the bytes are damaged or forged.
  case notAuthentic(what: String)
  /// A chunk's content has another id than was written down for it.
  case wrongContent(ChunkID)
  /// Compressed content does not decompress to what was stated.
  case decompression(String)
  /// A size is beyond the limit of the format.
  case tooLarge(what: String, value: UInt64, limit: UInt64)
  /// A slot's checksum is wrong.
  case damagedSlot
  /// A slot asks for Argon2id parameters outside of the accepted range.
  case unreasonableDerivation(passes: UInt64, kibibytes: UInt64)
  /// There was not enough memory to derive a key.
  case derivationMemory(kibibytes: UInt64)
  /// This passphrase or recovery key does not open the slot.
  case wrongSecret
  /// The text is not a recovery key.
  case notARecoveryKey
  /// A C library failed for a reason of its own.
  case library(String)
}
