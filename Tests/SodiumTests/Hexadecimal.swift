/// The bytes that pairs of hexadecimal digits spell.
func bytes(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] << 4 | digits[$0 + 1])
  }
}

/// The bytes 0, 1, 2 … of a key.
func counting(_ count: Int, from first: UInt8 = 0) -> [UInt8] {
  (0..<count).map { first &+ UInt8(truncatingIfNeeded: $0) }
}

/// The message of the vectors that `hashlib.blake2b` of Python 3 computed: i mod 251.
let countedMessage = (0..<1000).map { UInt8($0 % 251) }
