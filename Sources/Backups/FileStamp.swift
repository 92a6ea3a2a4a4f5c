import Files

/// When a change of a file shows in its times.
///
/// The kernel stamps a change with the time of its last tick, some milliseconds ago, and a write when it begins. Of two changes
/// in one tick the second leaves the times as they are, and so does the rest of a write that goes on: what is read meanwhile may
/// be a mix, and would look as if nothing had happened. So a file that changed at this moment is read a moment later.
///
/// Source: references/security-reliability.md §7, row 19.
enum FileStamp {
  /// The moment: two ticks of the slowest clock, of ten milliseconds each.
  private static let moment: Int64 = 20_000_000
  /// The moment where times are whole seconds: FAT counts in two of them, old inodes of ext4 in one.
  private static let coarseMoment: Int64 = 2_000_000_000
  /// Ten milliseconds: whoever wants to stop does not wait longer.
  private static let longestSleep: UInt64 = 10_000_000

  /// Nanoseconds from `now` until a file that was changed at `change` is left alone for a moment; 0 if it is.
  ///
  /// A time in the future is none that a change would get now.
  static func wait(after change: Timestamp, at now: Timestamp) -> UInt64 {
    let (seconds, overflow) = change.seconds.subtractingReportingOverflow(now.seconds)
    guard !overflow, (-3...1).contains(seconds) else { return 0 }
    let age = -seconds * 1_000_000_000 + Int64(now.nanoseconds) - Int64(change.nanoseconds)
    let left = (isCoarse(change) ? coarseMoment : moment) - age
    return left < 0 ? 0 : UInt64(left) + 1
  }

  /// Waits until the last change of a file is a moment ago.
  ///
  /// Returns its status then, by which it may have been changed again; `nil` if there is nothing to wait for.
  static func wait(
    for file: OpenFile,
    _ opened: FileStatus,
    isOver: () -> Bool
  ) throws(FilesError) -> FileStatus? {
    var left = wait(after: opened.change, at: SystemClock.stamp())
    guard left > 0 else { return nil }
    while left > 0, !isOver() {
      SystemClock.sleep(nanoseconds: min(left, longestSleep))
      left = wait(after: opened.change, at: SystemClock.stamp())
    }
    return try file.status()
  }

  /// Whether a file was changed this moment: what is read of it now may be a mix that nothing tells from a whole.
  static func isFresh(_ status: FileStatus) -> Bool {
    wait(after: status.change, at: SystemClock.stamp()) > 0
  }

  /// Whether times of a file are whole seconds, as far as one of them can tell.
  static func isCoarse(_ change: Timestamp) -> Bool { change.nanoseconds == 0 }
}
