package import CoreTypes
import Repositories

/// Notices that this machine's clock, or that of whoever wrote the newest record, is far from right.
///
/// Warns and does nothing else: the order of records follows from the records themselves.
package struct ClockWatch {
  private let console: Console

  /// Seconds by which clocks of sound machines never differ: a day, more than any mistaken time zone.
  private static let toleranceSeconds: Int64 = 86_400
  /// 2026-01-01 UTC, before this program was made: a clock before that was never set.
  private static let firstSeconds: Int64 = 1_767_225_600

  init(console: Console) { self.console = console }

  /// Says what is wrong with this clock or the newest record's, if anything is.
  ///
  /// Newest are the records that no other follows. So a record of a clock that was ahead is told once, by the next run.
  func warn(_ log: RecordLog, now: PointInTime) {
    let newest = log.frontier.compactMap { log.records[$0]?.clear.time }.max()
    guard let what = ClockWatch.doubt(now: now, newest: newest) else { return }
    let meaning =
      "nothing is lost by it, but `latest` and the times shown go by clocks: set the one that is wrong"
    console.warn(
      console.isJSON
        ? JSONText([
          "message_type": .text("warning"), "message": .text(what), "meaning": .text(meaning),
        ]).line
        : "warning: \(what); \(meaning)"
    )
  }

  /// What cannot be right about two times; `nil` where nothing is known to be wrong.
  package static func doubt(now: PointInTime, newest: PointInTime?) -> String? {
    let own = "this machine's clock says \(CalendarTime.text(now))"
    if now.seconds < firstSeconds { return "\(own), which cannot be" }
    // Times come from others: the difference may be larger than any number.
    guard let newest, newest > now else { return nil }
    let (ahead, overflow) = newest.seconds.subtractingReportingOverflow(now.seconds)
    guard overflow || ahead > toleranceSeconds else { return nil }
    return "\(own), and the newest record of the repository is of \(CalendarTime.text(newest))"
  }
}
