import Files
import Synchronization
import Threading

/// Holds back writing to the store, so that it stays below a number of bytes a second.
final class UploadLimit: Sendable {
  private let bytesPerSecond: UInt64
  /// When the next bytes may go, on the clock that never goes back.
  private let due = Mutex<UInt64>(0)
  private let never = Monitor(())
  private static let sliceMilliseconds = 50

  /// At least one byte a second.
  init(bytesPerSecond: Int) {
    precondition(bytesPerSecond >= 1)
    self.bytesPerSecond = UInt64(bytesPerSecond)
  }

  /// Waits until bytes may go; returns early when `isStopped` says so.
  ///
  /// The first go at once, and each later lot when the one before it would be through.
  func wait(for byteCount: Int, unless isStopped: () -> Bool) {
    let start = due.withLock { due in
      let start = max(due, SystemClock.monotonicNanoseconds())
      due = UploadLimit.later(start, by: UInt64(clamping: byteCount), at: bytesPerSecond)
      return start
    }
    while !isStopped() {
      let now = SystemClock.monotonicNanoseconds()
      guard now < start else { return }
      let left = Int(clamping: (start - now) / 1_000_000) + 1
      _ = never.wait(upToMilliseconds: min(left, UploadLimit.sliceMilliseconds)) { false }
    }
  }

  private static func later(_ start: UInt64, by byteCount: UInt64, at rate: UInt64) -> UInt64 {
    let (product, high) = byteCount.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isTooLate) = start.addingReportingOverflow(high ? .max : product / rate)
    return isTooLate ? .max : sum
  }
}
