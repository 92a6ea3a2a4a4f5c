import Sodium

/// Names for files that get their own name when they are whole.
enum TemporaryName {
  static func make() -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return Array(".kist-".utf8)
      + RandomBytes.make(count: 12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}
