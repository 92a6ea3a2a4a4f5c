import CoreTypes
package import Sodium

/// What a person gives to open a slot.
package enum SlotSecret: Sendable {
  /// A passphrase, as bytes, and the cost with which a new slot would derive from it.
  case passphrase(SecretBytes, KeyDerivationCost)
  /// The 32 bytes of a recovery key.
  case recoveryKey(SecretBytes)

  var kind: KeySlot.Kind {
    switch self {
    case .passphrase(_, let cost): .passphrase(cost)
    case .recoveryKey: .recoveryKey
    }
  }

  /// The key that wraps, for a slot of `kind`; `wrongSecret` when the secret is of another kind.
  func wrappingKey(salt: [UInt8], kind: KeySlot.Kind) throws(SealingError) -> SecretBytes {
    switch (self, kind) {
    case (.passphrase(let passphrase, _), .passphrase(let cost)):
      do {
        return try PasswordHash.derive(
          password: passphrase,
          salt: salt,
          operations: cost.passes,
          memoryBytes: cost.kibibytes << 10,
          count: 32
        )
      } catch {
        throw SealingError(derivation: error, cost)
      }
    case (.recoveryKey(let key), .recoveryKey):
      return Blake2b.deriveSecret(
        key: key,
        personal: DerivationTag.slotKEK,
        byteCount: 32,
        salt.span
      )
    case (.passphrase, .recoveryKey), (.recoveryKey, .passphrase):
      throw .wrongSecret
    }
  }
}
