import ArgumentParser

/// For how many days `serve` keeps what it was sent: `--hold 30`, `--hold 30d`.
struct HoldDays: ExpressibleByArgument {
  let seconds: Int64

  /// Days up to a thousand years: more is a slip of the hand.
  init?(argument: String) {
    let digits = argument.hasSuffix("d") ? argument.dropLast() : argument[...]
    guard let first = digits.utf8.first, (0x30...0x39).contains(first), let days = Int64(digits),
      (1...365_000).contains(days)
    else { return nil }
    seconds = days * 86_400
  }
}
