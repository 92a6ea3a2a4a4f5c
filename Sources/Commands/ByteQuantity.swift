/// A number of bytes as a person writes it: `4096`, `10K`, `1.5G`, `2GiB`.
enum ByteQuantity {
  /// The number; `nil` if the text is none, or is too large.
  ///
  /// Units are powers of 1,024, as in restic.
  static func parse(_ text: String) -> Int? {
    var digits = text[...]
    var shift = 0
    let units = ["k": 10, "m": 20, "g": 30, "t": 40, "p": 50]
    let lower = text.lowercased()
    for ending in ["ib", "b", ""] where lower.hasSuffix(ending) {
      let rest = lower.dropLast(ending.count)
      if let unit = rest.last.flatMap({ units[String($0)] }) {
        shift = unit
        digits = rest.dropLast()
        break
      }
      if ending != "ib" {
        digits = rest
        break
      }
    }
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = number(parts.first ?? ""), whole <= Int.max >> shift else { return nil }
    guard parts.count == 2 else { return whole << shift }
    // Three digits are enough for a person; a fraction of a byte is none.
    guard shift > 0, parts[1].count <= 3, let part = number(parts[1]) else { return nil }
    var scale = 1
    for _ in parts[1] { scale *= 10 }
    let fraction = part.multipliedFullWidth(by: 1 << shift)
    let (sum, isTooLarge) = (whole << shift).addingReportingOverflow(
      scale.dividingFullWidth(fraction).quotient
    )
    return isTooLarge ? nil : sum
  }

  /// Decimal digits only: `Int` would also take a sign.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
