import Files
import Threading

/// Says when what was received is to be put on the disk, although its pack is not full yet.
///
/// On a slow line a pack takes long to fill; a power cut should not cost all of that time. On a fast one it is full before
/// the second is over, and nothing is done twice.
struct FlushRhythm {
  private var last = SystemClock.monotonicNanoseconds()

  /// One second.
  private static let nanoseconds: UInt64 = 1_000_000_000

  /// True once in a second.
  mutating func isDue() -> Bool {
    let now = SystemClock.monotonicNanoseconds()
    guard now > last, now - last >= FlushRhythm.nanoseconds else { return false }
    last = now
    return true
  }
}
