import Files

/// Whole frames that were said and not written yet: many small ones cost one call.
struct Outbox {
  private var bytes: [UInt8] = []
  /// When something was last written, by the monotonic clock.
  private(set) var lastWritten = SystemClock.monotonicNanoseconds()

  /// True if it holds enough for a call of its own.
  var isFull: Bool { bytes.count >= WireLimits.pieceByteCount }

  mutating func append(_ frames: [UInt8]) { bytes += frames }

  mutating func append(_ range: Range<Int>, of item: OutgoingItem) {
    Message.append(range, of: item, to: &bytes)
  }

  /// Writes all of it; returns how many bytes that were.
  mutating func write(to stream: any DuplexStream) throws(MirrorError) -> Int {
    guard !bytes.isEmpty else { return 0 }
    // Taken out first: after a failure none of it is said again.
    var said: [UInt8] = []
    swap(&said, &bytes)
    try stream.write(said)
    lastWritten = SystemClock.monotonicNanoseconds()
    let count = said.count
    said.removeAll(keepingCapacity: true)
    swap(&said, &bytes)
    return count
  }
}
