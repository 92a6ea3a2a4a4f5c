internal import CSodium

/// BLAKE2b (RFC 7693).
///
/// No call allocates, but for the result of those that return bytes.
///
/// The corresponding C functions are `crypto_generichash_blake2b` and `…_salt_personal`; the salt
/// is zero. A key is 1 to 64 bytes: another length is a mistake in the program and ends it.
package enum Blake2b {
  /// Lengths of a derived value, in bytes.
  package static let derivedByteCounts = 16...64
  static let keyByteCounts = 1...64

  /// 32 bytes, no key.
  package static func hash256(_ input: borrowing Span<UInt8>) -> Hash256 {
    unsafe input.withUnsafeBufferPointer { unsafe hash256(UnsafeRawBufferPointer($0)) }
  }

  /// 32 bytes, no key, of a part of some buffer.
  package static func hash256(_ input: UnsafeRawBufferPointer) -> Hash256 {
    unsafe Hash256 { target in
      let code = unsafe crypto_generichash_blake2b(
        target,
        32,
        input.baseAddress?.assumingMemoryBound(to: UInt8.self),
        UInt64(input.count),
        nil,
        0
      )
      precondition(code == 0, "BLAKE2b takes any input")
    }
  }

  /// 32 bytes, keyed and personalised.
  package static func keyed256(
    key: SecretBytes,
    personal: Personalisation,
    _ input: borrowing Span<UInt8>
  ) -> Hash256 {
    unsafe input.withUnsafeBufferPointer { source in
      unsafe keyed256(key: key, personal: personal, UnsafeRawBufferPointer(source))
    }
  }

  /// 32 bytes, keyed and personalised, of a part of some buffer.
  package static func keyed256(
    key: SecretBytes,
    personal: Personalisation,
    _ input: UnsafeRawBufferPointer
  ) -> Hash256 {
    unsafe Hash256 { target in
      unsafe keyed(key, personal, input, target, count: 32)
    }
  }

  /// 16 to 64 bytes, keyed and personalised.
  ///
  /// A shorter value is no prefix of a longer one.
  package static func derive(
    key: SecretBytes,
    personal: Personalisation,
    byteCount: Int,
    _ input: borrowing Span<UInt8>
  ) -> [UInt8] {
    precondition(derivedByteCounts.contains(byteCount))
    return unsafe input.withUnsafeBufferPointer { source in
      unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { target, written in
        if let base = target.baseAddress {
          unsafe keyed(key, personal, UnsafeRawBufferPointer(source), base, count: byteCount)
          written = byteCount
        }
      }
    }
  }

  /// As `derive`, into guarded memory.
  package static func deriveSecret(
    key: SecretBytes,
    personal: Personalisation,
    byteCount: Int,
    _ input: borrowing Span<UInt8>
  ) -> SecretBytes {
    precondition(derivedByteCounts.contains(byteCount))
    return unsafe input.withUnsafeBufferPointer { source in
      unsafe SecretBytes(count: byteCount) { target in
        guard let base = target.baseAddress else { return }
        unsafe keyed(
          key,
          personal,
          UnsafeRawBufferPointer(source),
          base.assumingMemoryBound(to: UInt8.self),
          count: byteCount
        )
      }
    }
  }

  private static func keyed(
    _ key: SecretBytes,
    _ personal: Personalisation,
    _ input: UnsafeRawBufferPointer,
    _ target: UnsafeMutablePointer<UInt8>,
    count: Int
  ) {
    precondition(keyByteCounts.contains(key.count), "a BLAKE2b key of \(key.count) bytes")
    let code = unsafe personal.withBytes { personal in
      unsafe key.withKey { bytes in
        unsafe crypto_generichash_blake2b_salt_personal(
          target,
          count,
          input.baseAddress?.assumingMemoryBound(to: UInt8.self),
          UInt64(input.count),
          bytes,
          key.count,
          nil,
          personal
        )
      }
    }
    precondition(code == 0, "BLAKE2b takes any input")
  }
}
