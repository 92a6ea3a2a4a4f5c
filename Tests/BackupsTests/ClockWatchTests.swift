import Commands
import CoreTypes
import Testing

@Suite("Clocks that cannot be right") struct ClockWatchTests {
  /// 2026-11-21 12:00 UTC.
  private let now = PointInTime(seconds: 1_795_262_400)

  @Test func `a clock that was never set is doubted, whatever the repository has`() throws {
    for newest in [nil, now, PointInTime(seconds: 0)] {
      let words = try #require(ClockWatch.doubt(now: PointInTime(seconds: 60), newest: newest))
      #expect(words.contains("1970-01-01") && words.contains("cannot be"), "\(words)")
    }
  }

  @Test func `a record of a day and more ahead is doubted, and one of less is not`() throws {
    for (ahead, isDoubted) in [
      (-1_000_000_000, false), (0, false), (86_400, false), (86_401, true), (3_000_000_000, true),
    ] as [(Int64, Bool)] {
      let newest = PointInTime(seconds: now.seconds + ahead)
      #expect((ClockWatch.doubt(now: now, newest: newest) != nil) == isDoubted, "\(ahead)")
    }
    #expect(ClockWatch.doubt(now: now, newest: nil) == nil)
  }

  @Test func `no time is too far away to be told`() {
    for seconds in [Int64.max, Int64.min] {
      let strange = PointInTime(seconds: seconds)
      #expect((ClockWatch.doubt(now: now, newest: strange) != nil) == (seconds > 0))
      #expect((ClockWatch.doubt(now: strange, newest: now) != nil) == (seconds < 0))
    }
  }
}
