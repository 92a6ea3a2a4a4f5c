import ArgumentParser
import CoreTypes
import Files
import Trees

/// A day or a moment as people write it: `2026-11-21`, `2026-11-21 08:30`, with seconds, with `T`, with `Z` for UTC.
struct TimeBound: ExpressibleByArgument {
  /// Its beginning.
  let first: EntryTime
  /// Its end: of the day, minute or second that was named.
  let last: EntryTime

  init?(argument: String) {
    var text = argument[...]
    let isUniversal = text.last == "Z"
    if isUniversal { text = text.dropLast() }
    let parts = text.split(
      maxSplits: 1,
      omittingEmptySubsequences: false,
      whereSeparator: { $0 == " " || $0 == "T" }
    )
    let date = TimeBound.numbers(parts[0], separator: "-", widths: [4, 2, 2])
    let clock =
      parts.count == 2
      ? TimeBound.numbers(parts[1], separator: ":", widths: [2, 2, 2]) : []
    guard let date, date.count == 3, let clock, parts.count == 1 || clock.count >= 2 else {
      return nil
    }
    let hour = clock.first ?? 0
    let minute = clock.count > 1 ? clock[1] : 0
    let second = clock.count > 2 ? clock[2] : 0
    guard hour < 24, minute < 60, second < 60 else { return nil }
    let calendar = LocalCalendar(
      year: date[0],
      month: date[1],
      day: date[2],
      hour: hour,
      minute: minute,
      second: second
    )
    guard let start = isUniversal ? calendar.universalSeconds : calendar.localSeconds else {
      return nil
    }
    let length: Int64 = clock.isEmpty ? 86_400 : clock.count == 2 ? 60 : 1
    first = EntryTime(seconds: start, nanoseconds: 0)
    // Far from overflow: a year has four digits.
    last = EntryTime(seconds: start + length - 1, nanoseconds: 999_999_999)
  }

  /// Numbers of fixed widths; `nil` if there are others, or anything but digits.
  private static func numbers(
    _ text: Substring,
    separator: Character,
    widths: [Int]
  ) -> [Int]? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count <= widths.count else { return nil }
    var numbers: [Int] = []
    for (part, width) in zip(parts, widths) {
      guard part.utf8.count == width, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(part)
      else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
