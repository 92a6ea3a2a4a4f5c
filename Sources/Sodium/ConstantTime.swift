internal import CSodium

/// Compares without telling by its time where a difference is; lengths are no secret.
package func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in unsafe constantTimeEqual(left, right) }
  }
}

/// Compares without telling by its time where a difference is; lengths are no secret.
func constantTimeEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  guard left.count == right.count else { return false }
  guard let first = left.baseAddress, let second = right.baseAddress else { return true }
  return unsafe sodium_memcmp(first, second, left.count) == 0
}
