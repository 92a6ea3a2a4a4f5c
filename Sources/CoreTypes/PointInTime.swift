/// A moment: signed seconds since 1970-01-01 UTC, and nanoseconds within that second.
package struct PointInTime: Hashable, Sendable, Comparable {
  package let seconds: Int64
  /// 0..<1,000,000,000.
  package let nanoseconds: UInt32

  package init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  package static func < (left: PointInTime, right: PointInTime) -> Bool {
    left.seconds != right.seconds
      ? left.seconds < right.seconds : left.nanoseconds < right.nanoseconds
  }
}
