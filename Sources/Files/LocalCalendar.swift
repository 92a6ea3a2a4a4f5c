internal import Glibc

/// A moment in calendar parts.
///
/// Sources: localtime_r(3), gmtime_r(3).
package struct LocalCalendar: Equatable, Sendable {
  package let year: Int
  package let month: Int
  package let day: Int
  package let hour: Int
  package let minute: Int
  package let second: Int

  /// In the time zone of the machine.
  ///
  /// Seconds beyond what the system can name are shown as its limit.
  package static func local(_ seconds: Int64) -> LocalCalendar {
    var time = time_t(bounded(seconds))
    var parts = unsafe tm()
    unsafe localtime_r(&time, &parts)
    return unsafe LocalCalendar(parts)
  }

  /// In UTC.
  package static func universal(_ seconds: Int64) -> LocalCalendar {
    var time = time_t(bounded(seconds))
    var parts = unsafe tm()
    unsafe gmtime_r(&time, &parts)
    return unsafe LocalCalendar(parts)
  }

  /// The years 0 to 9999: others would not fit four digits, and some do not fit the C type.
  private static func bounded(_ seconds: Int64) -> Int64 {
    min(max(seconds, -62_167_219_200), 253_402_300_799)
  }

  private init(_ parts: tm) {
    year = unsafe Int(parts.tm_year) + 1900
    month = unsafe Int(parts.tm_mon) + 1
    day = unsafe Int(parts.tm_mday)
    hour = unsafe Int(parts.tm_hour)
    minute = unsafe Int(parts.tm_min)
    second = unsafe Int(parts.tm_sec)
  }
}
