import CoreTypes
package import Sodium

/// A printable 256-bit key with a checksum.
///
/// Source: Formats/keys.md §3.
package struct RecoveryKey: Sendable {
  package let secret: SecretBytes

  private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let keyDigitCount = 52
  private static let checkDigitCount = 4

  /// A new random key.
  package init() {
    secret = SecretBytes(random: 32)
  }

  /// Fourteen groups of four digits, joined by hyphens.
  package var text: String {
    let bytes = secret.copy()
    let all =
      RecoveryKey.encode(bytes, digitCount: RecoveryKey.keyDigitCount)
      + RecoveryKey.encode(
        RecoveryKey.check(bytes),
        digitCount: RecoveryKey.checkDigitCount
      )
    var groups: [String] = []
    var start = 0
    while start < all.count {
      groups.append(String(decoding: all[start..<start + 4], as: UTF8.self))
      start += 4
    }
    return groups.joined(separator: "-")
  }

  /// Reads a key as a person types it: any case, spaces and hyphens ignored, I and L as 1, O as 0.
  package init(text: String) throws(SealingError) {
    var values: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "-"), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
      default:
        guard let value = RecoveryKey.value(of: byte) else { throw .notARecoveryKey }
        values.append(value)
      }
    }
    guard values.count == RecoveryKey.keyDigitCount + RecoveryKey.checkDigitCount else {
      throw .notARecoveryKey
    }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount: UInt32 = 0
    for value in values[..<RecoveryKey.keyDigitCount] {
      bits = bits << 5 | UInt32(value)
      bitCount += 5
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
      }
    }
    guard bytes.count == 32,
      RecoveryKey.encode(bytes, digitCount: RecoveryKey.keyDigitCount)
        == values[..<RecoveryKey.keyDigitCount].map({ RecoveryKey.digits[Int($0)] }),
      RecoveryKey.encode(RecoveryKey.check(bytes), digitCount: RecoveryKey.checkDigitCount)
        == values[RecoveryKey.keyDigitCount...].map({ RecoveryKey.digits[Int($0)] })
    else { throw .notARecoveryKey }
    secret = SecretBytes(copying: bytes)
  }

  private static func check(_ key: [UInt8]) -> [UInt8] {
    PlainHash.of(Array("kist recovery key 1\n".utf8) + key).bytes
  }

  private static func encode(_ bytes: [UInt8], digitCount: Int) -> [UInt8] {
    (0..<digitCount).map { digit in
      var value = 0
      for bit in (5 * digit)..<(5 * digit + 5) {
        let set = bit / 8 < bytes.count ? Int(bytes[bit / 8] >> UInt8(7 - bit % 8)) & 1 : 0
        value = value << 1 | set
      }
      return digits[value]
    }
  }

  private static func value(of byte: UInt8) -> UInt8? {
    var digit = byte
    if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(digit) { digit -= 32 }
    if digit == UInt8(ascii: "I") || digit == UInt8(ascii: "L") { digit = UInt8(ascii: "1") }
    if digit == UInt8(ascii: "O") { digit = UInt8(ascii: "0") }
    return digits.firstIndex(of: digit).map { UInt8($0) }
  }
}
