internal import CSodium

/// Random bytes of the kernel.
package enum RandomBytes {
  /// `count` fresh bytes.
  package static func make(count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      if let base = buffer.baseAddress, count > 0 { unsafe randombytes_buf(base, count) }
      written = count
    }
  }

  /// Replaces every byte of `bytes` by a fresh one.
  package static func fill(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { unsafe randombytes_buf(base, buffer.count) }
    }
  }
}
