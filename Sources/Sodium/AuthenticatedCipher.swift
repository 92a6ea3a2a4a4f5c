internal import CSodium

/// XChaCha20-Poly1305 (IETF): 32-byte key, 24-byte nonce, 16-byte tag behind the ciphertext.
///
/// Source: draft-irtf-cfrg-xchacha. The corresponding C functions are
/// `crypto_aead_xchacha20poly1305_ietf_*`. A nonce must never be used twice with one key. Keys and
/// nonces of another length throw `wrongLength`.
package enum AuthenticatedCipher {
  /// Bytes of a key.
  package static let keyByteCount = 32
  /// Bytes of a nonce.
  package static let nonceByteCount = 24
  /// Bytes of the tag.
  package static let tagByteCount = 16

  /// Appends ciphertext and tag to `output`.
  package static func seal(
    _ message: borrowing Span<UInt8>,
    key: SecretBytes,
    nonce: [UInt8],
    associatedData: borrowing Span<UInt8>,
    appendingTo output: inout [UInt8]
  ) throws(SodiumError) {
    try check(key, nonce)
    let sealedByteCount = message.count + tagByteCount
    unsafe associatedData.withUnsafeBufferPointer { associated in
      unsafe message.withUnsafeBufferPointer { message in
        output.append(addingCapacity: sealedByteCount) { span in
          unsafe span.withUnsafeMutableBufferPointer { target, written in
            guard let base = target.baseAddress else { return }
            unsafe encrypt(message, to: base, key, nonce, associated)
            written = sealedByteCount
          }
        }
      }
    }
  }

  /// Turns everything from `start` on into ciphertext, and appends the tag.
  ///
  /// The buffer is copied if it has no capacity for 16 bytes more.
  package static func sealInPlace(
    _ buffer: inout [UInt8],
    from start: Int,
    key: SecretBytes,
    nonce: [UInt8],
    associatedData: borrowing Span<UInt8>
  ) throws(SodiumError) {
    precondition((0...buffer.count).contains(start))
    try check(key, nonce)
    buffer.append(contentsOf: repeatElement(0, count: tagByteCount))
    unsafe associatedData.withUnsafeBufferPointer { associated in
      unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        let part = unsafe UnsafeMutableBufferPointer(rebasing: bytes[start...])
        guard let base = part.baseAddress else { return }
        let message = unsafe UnsafeBufferPointer(start: base, count: part.count - tagByteCount)
        unsafe encrypt(message, to: base, key, nonce, associated)
      }
    }
  }

  /// Appends the plaintext to `output`; throws `notAuthentic`, and appends nothing, if the tag does
  /// not match.
  package static func open(
    _ sealed: borrowing Span<UInt8>,
    key: SecretBytes,
    nonce: [UInt8],
    associatedData: borrowing Span<UInt8>,
    appendingTo output: inout [UInt8]
  ) throws(SodiumError) {
    try check(key, nonce)
    guard sealed.count >= tagByteCount else { throw .notAuthentic }
    let plaintextByteCount = sealed.count - tagByteCount
    var isAuthentic = false
    unsafe associatedData.withUnsafeBufferPointer { associated in
      unsafe sealed.withUnsafeBufferPointer { sealed in
        output.append(addingCapacity: plaintextByteCount) { span in
          unsafe span.withUnsafeMutableBufferPointer { target, written in
            isAuthentic = unsafe decrypt(sealed, to: target.baseAddress, key, nonce, associated)
            written = isAuthentic ? plaintextByteCount : 0
          }
        }
      }
    }
    guard isAuthentic else { throw .notAuthentic }
  }

  /// Turns everything from `start` on into plaintext, and drops the tag; returns the plaintext's
  /// length in bytes.
  ///
  /// When the tag does not match, `notAuthentic` is thrown and the bytes from `start` on are lost.
  @discardableResult
  package static func openInPlace(
    _ buffer: inout [UInt8],
    from start: Int,
    key: SecretBytes,
    nonce: [UInt8],
    associatedData: borrowing Span<UInt8>
  ) throws(SodiumError) -> Int {
    precondition((0...buffer.count).contains(start))
    try check(key, nonce)
    guard buffer.count - start >= tagByteCount else { throw .notAuthentic }
    let isAuthentic = unsafe associatedData.withUnsafeBufferPointer { associated in
      unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        let part = unsafe UnsafeMutableBufferPointer(rebasing: bytes[start...])
        return unsafe decrypt(
          UnsafeBufferPointer(part),
          to: part.baseAddress,
          key,
          nonce,
          associated
        )
      }
    }
    guard isAuthentic else { throw .notAuthentic }
    buffer.removeLast(tagByteCount)
    return buffer.count - start
  }

  // The library allows `target` to be where the message is.
  private static func encrypt(
    _ message: UnsafeBufferPointer<UInt8>,
    to target: UnsafeMutablePointer<UInt8>,
    _ key: SecretBytes,
    _ nonce: [UInt8],
    _ associated: UnsafeBufferPointer<UInt8>
  ) {
    unsafe key.withKey { key in
      // Always 0: lengths that the library refuses do not fit in memory.
      _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
        target,
        nil,
        message.baseAddress,
        UInt64(message.count),
        associated.baseAddress,
        UInt64(associated.count),
        nil,
        nonce,
        key
      )
    }
  }

  private static func decrypt(
    _ sealed: UnsafeBufferPointer<UInt8>,
    to target: UnsafeMutablePointer<UInt8>?,
    _ key: SecretBytes,
    _ nonce: [UInt8],
    _ associated: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard let base = sealed.baseAddress else { return false }
    let count = sealed.count - tagByteCount
    return unsafe key.withKey { key in
      // Without a target the library only verifies, which is all there is to do for no plaintext.
      unsafe crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
        target,
        nil,
        base,
        UInt64(count),
        base.advanced(by: count),
        associated.baseAddress,
        UInt64(associated.count),
        nonce,
        key
      ) == 0
    }
  }

  private static func check(_ key: SecretBytes, _ nonce: [UInt8]) throws(SodiumError) {
    guard key.count == keyByteCount else { throw .wrongLength(what: "key", count: key.count) }
    guard nonce.count == nonceByteCount else {
      throw .wrongLength(what: "nonce", count: nonce.count)
    }
  }
}
