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

  /// Calendar parts as given, whether or not there is such a day.
  package init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// The moment that these parts name in the machine's time zone; `nil` if there is none.
  package var localSeconds: Int64? {
    var parts = unsafe cParts
    let seconds = Int64(unsafe mktime(&parts))
    // An hour that the clocks leave out is taken as the one after it; a day that is none is refused.
    let found = LocalCalendar.local(seconds)
    return (found.year, found.month, found.day) == (year, month, day) ? seconds : nil
  }

  /// The moment that these parts name in UTC; `nil` if there is none.
  package var universalSeconds: Int64? {
    var parts = unsafe cParts
    let seconds = Int64(unsafe timegm(&parts))
    return LocalCalendar.universal(seconds) == self ? seconds : nil
  }

  private var cParts: tm {
    var parts = unsafe tm()
    unsafe parts.tm_year = Int32(clamping: max(year, 0)) - 1900
    unsafe parts.tm_mon = Int32(clamping: max(month, 0)) - 1
    unsafe parts.tm_mday = Int32(clamping: day)
    unsafe parts.tm_hour = Int32(clamping: hour)
    unsafe parts.tm_min = Int32(clamping: minute)
    unsafe parts.tm_sec = Int32(clamping: second)
    unsafe parts.tm_isdst = -1
    return unsafe parts
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
