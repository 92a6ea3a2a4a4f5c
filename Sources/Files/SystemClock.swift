internal import Glibc

/// Clocks.
package enum SystemClock {
  /// Time of day.
  package static func now() -> Timestamp { read(CLOCK_REALTIME) }

  /// What the kernel would write on a file that changed now: the time of day at its last tick.
  ///
  /// Source: clock_gettime(2), CLOCK_REALTIME_COARSE; inode_timestamp of the kernel.
  package static func stamp() -> Timestamp { read(CLOCK_REALTIME_COARSE) }

  /// Nanoseconds that never go back.
  package static func monotonicNanoseconds() -> UInt64 {
    let time = read(CLOCK_MONOTONIC)
    return UInt64(time.seconds) * 1_000_000_000 + UInt64(time.nanoseconds)
  }

  /// Waits so long, or until a signal comes.
  package static func sleep(nanoseconds: UInt64) {
    guard nanoseconds > 0 else { return }
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000),
      tv_nsec: Int(nanoseconds % 1_000_000_000)
    )
    _ = unsafe nanosleep(&time, nil)
  }

  private static func read(_ clock: clockid_t) -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }
}
