/// Sixteen bytes that keep hashes for different purposes apart: ASCII text, then zeros.
package struct Personalisation: Equatable, Sendable {
  /// Bytes that a personalisation has.
  package static let byteCount = 16

  // In memory order, so that the address of the pair is that of the sixteen bytes.
  let words: (UInt64, UInt64)

  /// At most sixteen ASCII characters.
  ///
  /// More, or others, are a mistake in the program and end it.
  package init(_ text: StaticString) {
    guard let made = Personalisation(ascii: text.description) else {
      preconditionFailure("a personalisation is at most 16 ASCII characters: \(text)")
    }
    self = made
  }

  /// At most sixteen ASCII characters; `nil` for other text.
  package init?(ascii text: String) {
    guard text.utf8.count <= Personalisation.byteCount, text.utf8.allSatisfy({ $0 < 0x80 }) else {
      return nil
    }
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in text.utf8.enumerated() {
      let shifted = UInt64(byte) << (8 * UInt64(index % 8))
      if index < 8 { words.0 |= shifted } else { words.1 |= shifted }
    }
    self.words = (words.0.littleEndian, words.1.littleEndian)
  }

  package static func == (left: Personalisation, right: Personalisation) -> Bool {
    left.words == right.words
  }

  /// Lends the bytes as C functions take them.
  func withBytes<Result>(_ body: (UnsafePointer<UInt8>?) -> Result) -> Result {
    unsafe withUnsafeBytes(of: words) { bytes in
      unsafe body(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
  }
}
