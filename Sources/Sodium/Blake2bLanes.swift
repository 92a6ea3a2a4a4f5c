internal import CBlake2b

/// BLAKE2b of many messages at once.
///
/// Where the processor has AVX-512 or AVX2, eight or four messages are hashed in the lanes of its vectors, each
/// message several times faster than alone; elsewhere one after the other by libsodium. The results are the same.
/// Source: Docs/decisions/0015-hash-lanes.md.
extension Blake2b {
  /// 32 bytes, no key, of each message.
  package static func hash256(each messages: [[UInt8]]) -> [Hash256] {
    let lanes = kist_blake2b_lanes()
    guard lanes > 1 else { return messages.map { hash256($0.span) } }
    return unsafe withPointers(messages, from: 0, []) { pointers in
      unsafe hashes(
        lanes: lanes,
        parameters: kist_blake2b_parameters(key: nil, key_count: 0, personal: nil),
        messages: pointers,
        counts: messages.map(\.count)
      )
    }
  }

  /// 32 bytes, keyed and personalised, of each of the given parts of a buffer.
  ///
  /// The ranges must lie in the buffer.
  package static func keyed256(
    key: SecretBytes,
    personal: Personalisation,
    ranges: [Range<Int>],
    of buffer: UnsafeRawBufferPointer
  ) -> [Hash256] {
    precondition(keyByteCounts.contains(key.count), "a BLAKE2b key of \(key.count) bytes")
    let lanes = kist_blake2b_lanes()
    guard lanes > 1, let base = buffer.baseAddress else {
      return ranges.map { range in
        unsafe keyed256(
          key: key,
          personal: personal,
          UnsafeRawBufferPointer(rebasing: buffer[range])
        )
      }
    }
    let start = unsafe base.assumingMemoryBound(to: UInt8.self)
    var pointers: [UnsafePointer<UInt8>?] = unsafe []
    unsafe pointers.reserveCapacity(ranges.count)
    for range in ranges {
      precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
      unsafe pointers.append(start + range.lowerBound)
    }
    return unsafe personal.withBytes { personal in
      unsafe key.withKey { bytes in
        unsafe hashes(
          lanes: lanes,
          parameters: kist_blake2b_parameters(
            key: bytes,
            key_count: key.count,
            personal: personal
          ),
          messages: pointers,
          counts: ranges.map(\.count)
        )
      }
    }
  }

  private static func hashes(
    lanes: Int,
    parameters: kist_blake2b_parameters,
    messages: [UnsafePointer<UInt8>?],
    counts: [Int]
  ) -> [Hash256] {
    var words = [UInt64](repeating: 0, count: 4 * counts.count)
    var parameters = unsafe parameters
    unsafe words.withUnsafeMutableBytes { target in
      unsafe kist_blake2b_many(
        lanes,
        &parameters,
        messages,
        counts,
        counts.count,
        target.baseAddress?.assumingMemoryBound(to: UInt8.self)
      )
    }
    return counts.indices.map { Hash256(words: words[4 * $0..<4 * $0 + 4]) }
  }

  /// Lends the addresses of all arrays at once.
  private static func withPointers<Result>(
    _ messages: [[UInt8]],
    from index: Int,
    _ pointers: [UnsafePointer<UInt8>?],
    _ body: ([UnsafePointer<UInt8>?]) -> Result
  ) -> Result {
    guard index < messages.count else { return unsafe body(pointers) }
    return unsafe messages[index].withUnsafeBufferPointer { buffer in
      unsafe withPointers(messages, from: index + 1, pointers + [buffer.baseAddress], body)
    }
  }
}
