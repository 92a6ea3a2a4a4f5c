internal import CSodium

/// Argon2id, version 1.3, one lane (RFC 9106).
///
/// The corresponding C function is `crypto_pwhash`.
package enum PasswordHash {
  /// Bytes of a salt.
  package static let saltByteCount = 16
  // The library's own limits: crypto_pwhash_argon2id_*_{MIN,MAX}.
  private static let passwordByteLimit = 0xFFFF_FFFF
  private static let outputByteCounts = 16...1024
  private static let operationCounts = 1...0xFFFF_FFFF
  private static let memoryByteCounts = 8192...4_398_046_510_080

  /// Derives `count` bytes; memory is taken once and given back before the call returns.
  ///
  /// `memoryBytes` is rounded down to kibibytes. Every length and cost is checked before memory is
  /// taken, but what the machine can bear is for the caller to limit: a kernel that promises more
  /// memory than it has ends the process instead of refusing. `count` is 16 to 1024.
  package static func derive(
    password: SecretBytes,
    salt: [UInt8],
    operations: Int,
    memoryBytes: Int,
    count: Int = 32
  ) throws(SodiumError) -> SecretBytes {
    guard salt.count == saltByteCount else { throw .wrongLength(what: "salt", count: salt.count) }
    guard password.count <= passwordByteLimit else {
      throw .wrongLength(what: "password", count: password.count)
    }
    guard outputByteCounts.contains(count) else { throw .wrongLength(what: "key", count: count) }
    guard operationCounts.contains(operations) else {
      throw .outOfRange(what: "operations", value: operations)
    }
    guard memoryByteCounts.contains(memoryBytes) else {
      throw .outOfRange(what: "memory", value: memoryBytes)
    }
    var code: Int32 = -1
    let secret = unsafe SecretBytes(count: count) { target in
      guard let base = target.baseAddress else { return }
      unsafe password.withKey { bytes in
        unsafe bytes.withMemoryRebound(to: CChar.self, capacity: password.count) { characters in
          unsafe code = crypto_pwhash(
            base.assumingMemoryBound(to: UInt8.self),
            UInt64(count),
            characters,
            UInt64(password.count),
            salt,
            UInt64(operations),
            memoryBytes,
            crypto_pwhash_alg_argon2id13()
          )
        }
      }
    }
    // Everything else that the library refuses was refused above.
    guard code == 0 else { throw .outOfMemory }
    return secret
  }
}
