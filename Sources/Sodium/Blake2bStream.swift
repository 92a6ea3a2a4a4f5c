internal import CSodium

/// BLAKE2b-256 of bytes that come piece by piece.
///
/// One allocation, wiped at the end.
///
/// The corresponding C functions are `crypto_generichash_blake2b_init`, `…_update`, `…_final`.
@safe
package struct Blake2bStream: ~Copyable {
  private let state: UnsafeMutableRawPointer

  /// No key.
  package init() {
    unsafe state = Blake2bStream.allocated()
    let code = unsafe crypto_generichash_blake2b_init(OpaquePointer(state), nil, 0, 32)
    precondition(code == 0, "BLAKE2b starts without a key")
  }

  /// Keyed and personalised: gives what `Blake2b.keyed256` gives for the same bytes.
  package init(key: SecretBytes, personal: Personalisation) {
    precondition(Blake2b.keyByteCounts.contains(key.count), "a BLAKE2b key of \(key.count) bytes")
    unsafe state = Blake2bStream.allocated()
    let place = unsafe OpaquePointer(state)
    let code = unsafe personal.withBytes { personal in
      unsafe key.withKey { bytes in
        unsafe crypto_generichash_blake2b_init_salt_personal(
          place,
          bytes,
          key.count,
          32,
          nil,
          personal
        )
      }
    }
    precondition(code == 0, "BLAKE2b starts with any key")
  }

  deinit {
    unsafe sodium_memzero(state, crypto_generichash_blake2b_statebytes())
    unsafe state.deallocate()
  }

  /// Takes the next bytes.
  package mutating func update(_ input: borrowing Span<UInt8>) {
    unsafe input.withUnsafeBufferPointer { unsafe feed(UnsafeRawBufferPointer($0)) }
  }

  /// Takes the next bytes, which are a part of some buffer.
  package mutating func update(_ input: UnsafeRawBufferPointer) {
    unsafe feed(input)
  }

  /// The hash of all bytes taken.
  package consuming func finish() -> Hash256 {
    unsafe Hash256 { target in
      _ = unsafe crypto_generichash_blake2b_final(OpaquePointer(state), target, 32)
    }
  }

  private func feed(_ input: UnsafeRawBufferPointer) {
    _ = unsafe crypto_generichash_blake2b_update(
      OpaquePointer(state),
      input.baseAddress?.assumingMemoryBound(to: UInt8.self),
      UInt64(input.count)
    )
  }

  // The C type asks for 64 bytes of alignment, so Swift does not know it and sees opaque pointers.
  private static func allocated() -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer.allocate(
      byteCount: crypto_generichash_blake2b_statebytes(),
      alignment: 64
    )
  }
}
