internal import CSodium

/// Bytes that must not leak: between guard pages, and wiped when they are released.
///
/// Kept out of swap and core dumps where the system allows it; where locked memory is used up they
/// are kept all the same. Each value takes at least four pages and a few system calls, so it is for
/// keys and not for content. The corresponding C function is `sodium_malloc`.
@safe
package final class SecretBytes: @unchecked Sendable {
  // Unchecked: written only before `init` returns; after that the pages themselves are read-only.
  private let address: UnsafeMutableRawPointer
  /// Number of bytes.
  package let count: Int

  /// A copy of `bytes`, which the caller may want to forget.
  package convenience init(copying bytes: [UInt8]) {
    unsafe self.init(count: bytes.count) { target in
      unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  /// Fresh random bytes.
  package convenience init(random count: Int) {
    unsafe self.init(count: count) { target in
      if let base = target.baseAddress { unsafe randombytes_buf(base, target.count) }
    }
  }

  init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
    // Starting the library changes the guard value behind each secret: one that was made before
    // would end the process when it is released. Starting twice does nothing.
    guard sodium_init() >= 0 else { preconditionFailure("libsodium cannot be started") }
    guard let address = unsafe sodium_malloc(max(count, 1)) else {
      preconditionFailure("no memory for \(count) secret bytes")
    }
    unsafe self.address = address
    self.count = count
    unsafe fill(UnsafeMutableRawBufferPointer(start: address, count: count))
    guard unsafe sodium_mprotect_readonly(address) == 0 else {
      preconditionFailure("secret bytes cannot be protected")
    }
  }

  deinit { unsafe sodium_free(address) }

  /// Lends the bytes; they are valid during the call only.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe try body(UnsafeRawBufferPointer(start: address, count: count))
  }

  /// Lends the bytes as C functions take them.
  func withKey<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    unsafe body(UnsafePointer(address.assumingMemoryBound(to: UInt8.self)))
  }

  /// Compares without telling by its time where a difference is; lengths are no secret.
  package func isEqual(to other: SecretBytes) -> Bool {
    unsafe constantTimeEqual(
      UnsafeRawBufferPointer(start: address, count: count),
      UnsafeRawBufferPointer(start: other.address, count: other.count)
    )
  }

  /// An ordinary copy, for encoding into what is then sealed.
  package func copy() -> [UInt8] {
    unsafe Array(UnsafeRawBufferPointer(start: address, count: count))
  }
}
