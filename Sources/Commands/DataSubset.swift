import ArgumentParser
import Backups

/// Which packs `check --read-data-subset` reads: `5%`, `1/7` or `2G`.
struct DataSubset: ExpressibleByArgument {
  let extent: PackSubset.Extent

  init?(argument: String) {
    if argument.hasSuffix("%") {
      guard let percent = DataSubset.decimal(argument.dropLast()), percent > 0, percent <= 100
      else { return nil }
      extent = .percent(percent)
      return
    }
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2 {
      guard let number = DataSubset.whole(parts[0]), let count = DataSubset.whole(parts[1]),
        (1...count).contains(number)
      else { return nil }
      extent = .part(number, of: count)
      return
    }
    // `5` may be meant as a share: it needs its unit.
    guard let last = argument.last, !last.isNumber else { return nil }
    guard let bytes = ByteQuantity.parse(argument), bytes > 0 else { return nil }
    extent = .bytes(bytes)
  }

  /// Parts at most, as many as there can be packs of the usual size in 32 TiB.
  private static let partLimit: UInt64 = 1 << 20

  private static func whole(_ text: Substring) -> UInt64? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(text),
      (1...partLimit).contains(number)
    else { return nil }
    return number
  }

  private static func decimal(_ text: Substring) -> Double? {
    // Not `inf`, `nan`, signs or exponents, which `Double` would take.
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }) else {
      return nil
    }
    return Double(text)
  }
}
