import ArgumentParser

/// A number of bytes as people write it: `512`, `64K`, `10M`, `500G`, `2T`; powers of 1024.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    var digits = argument.uppercased()
    if digits.hasSuffix("IB") {
      digits.removeLast(2)
    } else if digits.hasSuffix("B") {
      digits.removeLast()
    }
    var shift = 0
    if let last = digits.last, let unit = units[last] {
      shift = unit
      digits.removeLast()
    }
    guard let number = Int(digits), number >= 0, number <= Int.max >> shift else { return nil }
    bytes = number << shift
  }

  var defaultValueDescription: String { "\(bytes)" }
}
