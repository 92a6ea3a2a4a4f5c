internal import CSodium

/// An Ed25519 key (RFC 8032).
///
/// The corresponding C functions are `crypto_sign_*`.
package struct SigningKey: Sendable {
  /// Bytes of a seed.
  package static let seedByteCount = 32
  /// Bytes of a public key.
  package static let publicKeyByteCount = 32
  /// Bytes of a signature.
  package static let signatureByteCount = 64
  private static let secretByteCount = 64

  /// 32 bytes.
  package let publicKey: [UInt8]
  private let secret: SecretBytes

  /// The key of a 32-byte seed; a seed of another length is a mistake in the program and ends it.
  package init(seed: SecretBytes) {
    precondition(seed.count == SigningKey.seedByteCount)
    var publicKey = [UInt8](repeating: 0, count: SigningKey.publicKeyByteCount)
    secret = unsafe SecretBytes(count: SigningKey.secretByteCount) { target in
      guard let base = target.baseAddress else { return }
      unsafe seed.withKey { seed in
        _ = unsafe crypto_sign_seed_keypair(
          &publicKey,
          base.assumingMemoryBound(to: UInt8.self),
          seed
        )
      }
    }
    self.publicKey = publicKey
  }

  /// A key of a fresh random seed, which is not kept.
  package static func random() -> SigningKey {
    SigningKey(seed: SecretBytes(random: seedByteCount))
  }

  /// Signature of 64 bytes.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: SigningKey.signatureByteCount)
    unsafe secret.withKey { secret in
      _ = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
    }
    return signature
  }

  /// True if the signature is right; false also for keys and signatures of a wrong length.
  package static func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    guard signature.count == signatureByteCount, publicKey.count == publicKeyByteCount else {
      return false
    }
    return unsafe crypto_sign_verify_detached(
      signature,
      message,
      UInt64(message.count),
      publicKey
    ) == 0
  }
}
