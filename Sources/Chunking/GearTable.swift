/// One word for each byte value, from which the rolling hash is made.
///
/// Source: Formats/chunking.md §3.
package struct GearTable: Sendable {
  /// Bytes of key stream that make a table.
  package static let keyStreamByteCount = 2048

  /// Bits that the fixed point of a run of zeros always has, so that no such run is ever cut before
  /// the maximum size.
  ///
  /// They cover every number of bits that a test may have. Source: §5 there.
  static let zeroRunBits: UInt64 = 0x03FF_FF80_0000_0000

  private let memory: GearMemory

  /// A table from exactly 2,048 bytes of key stream; `nil` for any other count.
  package init?(keyStream: [UInt8]) {
    guard keyStream.count == GearTable.keyStreamByteCount else { return nil }
    var words: [UInt64] = []
    words.reserveCapacity(256)
    for start in stride(from: 0, to: keyStream.count, by: 8) {
      var word: UInt64 = 0
      for index in (start..<start + 8).reversed() { word = word << 8 | UInt64(keyStream[index]) }
      words.append(word)
    }
    words[0] = 0 &- (words[0] | GearTable.zeroRunBits)
    memory = GearMemory(words)
  }

  /// Hash that a long run of zeros leaves, and with which every chunk starts.
  var zeroRunHash: UInt64 { 0 &- memory.word(0) }

  /// Lends the 256 words to `body`.
  func withWords<Result>(_ body: (UnsafePointer<UInt64>) -> Result) -> Result {
    unsafe memory.withWords(body)
  }
}

/// Owns the 256 words at a fixed address, so that the hot loop counts no references.
@safe
private final class GearMemory: Sendable {
  // Safe to share: written in `init` only.
  private nonisolated(unsafe) let words: UnsafeMutablePointer<UInt64>

  init(_ content: [UInt64]) {
    unsafe words = UnsafeMutablePointer<UInt64>.allocate(capacity: content.count)
    for (index, word) in content.enumerated() {
      unsafe (words + index).initialize(to: word)
    }
  }

  deinit { unsafe words.deallocate() }

  func word(_ byte: UInt8) -> UInt64 { unsafe words[Int(byte)] }

  func withWords<Result>(_ body: (UnsafePointer<UInt64>) -> Result) -> Result {
    // The closure runs while `self` is alive, because the caller holds it.
    withExtendedLifetime(self) { unsafe body(UnsafePointer(words)) }
  }
}
