/// Names as a terminal may show them.
enum DisplayedName {
  /// Printable text as it is; control characters, escape sequences, direction overrides and invalid UTF-8 as `\xNN`.
  static func text(_ bytes: [UInt8]) -> String {
    // Most names are plain ASCII, and asking for the properties of each letter is slow.
    let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    if isPlain { return String(decoding: bytes, as: UTF8.self) }
    var shown = ""
    var rest = bytes[...]
    while !rest.isEmpty {
      if let (scalar, width) = firstScalar(of: rest) {
        if isHarmless(scalar) {
          shown.unicodeScalars.append(scalar)
        } else {
          for byte in rest.prefix(width) { shown += escaped(byte) }
        }
        rest = rest.dropFirst(width)
      } else if let byte = rest.popFirst() {
        shown += escaped(byte)
      }
    }
    return shown
  }

  /// A text that came from outside, in the same way.
  static func text(_ text: some StringProtocol) -> String { self.text(Array(text.utf8)) }

  /// The bytes that are shown as `text`; `nil` if nothing in it is escaped, or not as `text(_:)` does it.
  static func bytes(shownAs text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    let backslash = UInt8(ascii: "\\")
    guard rest.contains(backslash) else { return nil }
    while let byte = rest.popFirst() {
      guard byte == backslash else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case backslash: bytes.append(backslash)
      case UInt8(ascii: "x"):
        guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
          rest.prefix(2).count == 2, rest.first != UInt8(ascii: "+")
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
      default: return nil
      }
    }
    return bytes
  }

  private static func firstScalar(of bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
    var decoder = UTF8()
    var iterator = bytes.prefix(4).makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
    return (scalar, UTF8.width(scalar))
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    default: scalar != "\\"
    }
  }

  private static func escaped(_ byte: UInt8) -> String {
    if byte == UInt8(ascii: "\\") { return "\\\\" }
    let digits = Array("0123456789abcdef")
    return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
  }
}
