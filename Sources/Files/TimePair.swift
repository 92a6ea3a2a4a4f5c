internal import Glibc

/// Times as utimensat(2) takes them.
enum TimePair {
  private static let nanosecondLimit: UInt32 = 1_000_000_000

  /// Leaves the access time as it is.
  ///
  /// Throws EINVAL for nanoseconds that are none: some of them would mean `now`, or `as it is`.
  static func modification(
    _ time: Timestamp,
    of name: [UInt8]
  ) throws(FilesError) -> [timespec] {
    guard time.nanoseconds < nanosecondLimit else { throw FilesError("utimensat", name, EINVAL) }
    return [
      timespec(tv_sec: 0, tv_nsec: Int((1 << 30) - 2)),  // UTIME_OMIT
      timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
    ]
  }
}
