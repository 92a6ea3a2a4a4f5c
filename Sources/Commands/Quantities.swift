/// Sizes, counts and times as people read them.
enum Quantities {
  /// Bytes in binary units with three digits, as in `1.30 GiB`.
  static func bytes(_ count: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    if unit == 0 { return "\(count) B" }
    return "\(decimal(value, digits: value < 10 ? 2 : value < 100 ? 1 : 0)) \(units[unit])"
  }

  /// Two sizes that are compared: in whole bytes where rounded ones would look alike.
  static func differing(_ one: Int, _ other: Int) -> (String, String) {
    let texts = (bytes(one), bytes(other))
    guard texts.0 == texts.1, one != other else { return texts }
    return (count(one, "byte"), count(other, "byte"))
  }

  /// A count with thin groups of three, as in `78,579`.
  static func count(_ number: Int) -> String {
    var text = String(abs(number))
    var groups: [Substring] = []
    while text.count > 3 {
      groups.insert(Substring(text.suffix(3)), at: 0)
      text.removeLast(3)
    }
    groups.insert(Substring(text), at: 0)
    return (number < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  /// A count and its noun, as in `1 file` or `2 files`.
  static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(count(number)) \(number == 1 ? singular : plural ?? singular + "s")"
  }

  /// How many of all: `1 of 3 packs`; where there is but one, `1 pack` or `no pack`.
  static func part(_ number: Int, of total: Int, _ singular: String) -> String {
    guard total == 1 else { return "\(count(number)) of \(count(total, singular))" }
    return "\(number == 0 ? "no" : "1") \(singular)"
  }

  /// Seconds as `0.42 s`, `12.3 s`, `2:05` or `1:02:05`.
  static func duration(_ seconds: Double) -> String {
    if seconds < 60 { return decimal(seconds, digits: seconds < 10 ? 2 : 1) + " s" }
    let whole = Int(seconds)
    let minutes = whole / 60 % 60
    let tail = two(whole % 60)
    return whole >= 3600
      ? "\(whole / 3600):\(two(minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  /// A number with a fixed count of decimals.
  static func decimal(_ value: Double, digits: Int) -> String {
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    guard digits > 0 else { return "\(scaled)" }
    let fraction = String(scaled % scale)
    return "\(scaled / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
