import CoreTypes
import Files

/// Moments as people and programs read them.
enum CalendarTime {
  /// Local time, as in `2026-11-21 08:30:00`.
  static func text(_ time: PointInTime) -> String {
    let parts = LocalCalendar.local(time.seconds)
    return "\(date(parts)) \(clock(parts))"
  }

  /// UTC with nanoseconds, as in `2026-11-21T08:30:00.000000000Z`.
  static func iso(_ time: PointInTime) -> String {
    let parts = LocalCalendar.universal(time.seconds)
    return "\(date(parts))T\(clock(parts)).\(padded(Int(time.nanoseconds), 9))Z"
  }

  private static func date(_ parts: LocalCalendar) -> String {
    "\(padded(parts.year, 4))-\(padded(parts.month, 2))-\(padded(parts.day, 2))"
  }

  private static func clock(_ parts: LocalCalendar) -> String {
    "\(padded(parts.hour, 2)):\(padded(parts.minute, 2)):\(padded(parts.second, 2))"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(abs(number))
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count))
      + digits
  }
}
