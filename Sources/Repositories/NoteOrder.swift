package import CoreTypes

/// Which of the moments in notes is the later one, as far as the clock of this moment tells.
///
/// A moment that has not come yet was noted while the clock was wrong. It counts as earlier than every other: nobody knows when it
/// was, and it must not be the last word until its day comes.
package struct NoteOrder: Equatable, Sendable {
  package let now: PointInTime

  package init(now: PointInTime) { self.now = now }

  /// True if a moment has not come yet.
  package func isAhead(_ time: PointInTime?) -> Bool { time.map { $0 > now } ?? false }

  /// Compares moments; one that never was is earlier than any.
  package func `is`(_ left: PointInTime?, laterThan right: PointInTime?) -> Bool {
    guard let left else { return false }
    guard let right else { return true }
    guard isAhead(left) == isAhead(right) else { return isAhead(right) }
    return left > right
  }

  /// The later of two moments.
  func later(_ left: PointInTime?, _ right: PointInTime?) -> PointInTime? {
    self.is(right, laterThan: left) ? right : left
  }
}
