/// Which snapshots are worth keeping: the newest of so many hours, days, weeks, months and years.
///
/// A snapshot is kept if any rule keeps it, as in restic.
package struct Retention: Equatable, Sendable {
  /// Counts; 0 is no rule.
  package var last = 0
  package var hourly = 0
  package var daily = 0
  package var weekly = 0
  package var monthly = 0
  package var yearly = 0
  /// Everything that is younger than this is kept.
  package var within: Age?
  /// Snapshots with one of these tags are kept.
  package var tags: [String] = []

  package init() {}

  /// Largest count of a rule; more is a slip of the hand.
  static let countLimit = 100_000

  /// True if no rule keeps anything.
  var keepsNothing: Bool {
    last == 0 && hourly == 0 && daily == 0 && weekly == 0 && monthly == 0 && yearly == 0
      && within == nil && tags.isEmpty
  }

  /// A length of time in calendar parts, as in `1y6m14d12h`.
  package struct Age: Equatable, Sendable {
    package var years = 0
    package var months = 0
    package var days = 0
    package var hours = 0

    package init() {}

    /// Reads restic's notation; `nil` if `text` is not of it, is empty or zero.
    package init?(_ text: String) {
      var number: Int?
      for letter in text.utf8 {
        if let digit = letter.decimalDigit {
          let value = (number ?? 0) * 10 + digit
          guard value <= Retention.countLimit else { return nil }
          number = value
          continue
        }
        guard let count = number else { return nil }
        switch letter {
        case UInt8(ascii: "y"): guard years == 0 else { return nil }; years = count
        case UInt8(ascii: "m"): guard months == 0 else { return nil }; months = count
        case UInt8(ascii: "d"): guard days == 0 else { return nil }; days = count
        case UInt8(ascii: "h"): guard hours == 0 else { return nil }; hours = count
        default: return nil
        }
        number = nil
      }
      guard number == nil, years + months + days + hours > 0 else { return nil }
    }
  }
}

extension UInt8 {
  /// The value of an ASCII digit; `nil` for everything else.
  fileprivate var decimalDigit: Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int(self - UInt8(ascii: "0")) : nil
  }
}
