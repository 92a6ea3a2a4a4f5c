import Testing

@testable import Files

@Suite("Calendar")
struct LocalCalendarTests {
  @Test(
    arguments: [
      0, 1, -1, 951_782_400, 1_583_020_799, 1_700_000_000, -62_135_596_800, 253_402_300_799,
    ] as [Int64]
  )
  func `a moment comes back from its parts`(_ seconds: Int64) {
    #expect(LocalCalendar.universal(seconds).universalSeconds == seconds)
    // An hour that the clocks repeat may be taken as either.
    let local = LocalCalendar.local(seconds)
    let back = local.localSeconds
    #expect(back.map { LocalCalendar.local($0) } == local)
  }

  @Test(arguments: [
    (2026, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0), (2026, 1, 32),
    (Int.max, 1, 1), (2026, Int.min, 1),
  ])
  func `a day that is none is refused`(_ year: Int, _ month: Int, _ day: Int) {
    let parts = LocalCalendar(year: year, month: month, day: day, hour: 0, minute: 0, second: 0)
    #expect(parts.universalSeconds == nil)
    #expect(parts.localSeconds == nil)
  }
}
