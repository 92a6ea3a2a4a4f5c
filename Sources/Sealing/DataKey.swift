package import CoreTypes
import Sodium

/// A key under which objects and records are sealed, with the repository that it is for.
package struct DataKey: Sendable {
  package let id: KeyID
  let repository: RepositoryID
  let secret: SecretBytes

  init(id: KeyID, repository: RepositoryID, secret: SecretBytes) {
    self.id = id
    self.repository = repository
    self.secret = secret
  }

  /// The key for one purpose and one nonce.
  ///
  /// Source: Formats/keys.md §2.
  func subkey(_ tag: Personalisation, nonce: [UInt8]) -> SecretBytes {
    Blake2b.deriveSecret(key: secret, personal: tag, byteCount: 32, context(nonce).span)
  }

  /// The commitment to this key that goes into an object's preamble.
  ///
  /// Source: Formats/object.md §3.
  func commitment(nonce: [UInt8]) -> [UInt8] {
    Digest(
      Blake2b.keyed256(
        key: secret,
        personal: DerivationTag.objectCommitment,
        context(nonce).span
      )
    ).bytes
  }

  /// The suite goes into every key, so that no key ever serves two ciphers.
  private func context(_ nonce: [UInt8]) -> [UInt8] {
    [ObjectPreamble.suite] + repository.digest.bytes + nonce
  }
}
