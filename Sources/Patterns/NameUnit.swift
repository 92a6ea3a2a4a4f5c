/// What one `?` matches.
struct NameUnit {
  /// The scalar's value; a stray byte counts from `strayBase` up, so that it equals nothing else.
  let value: UInt32
  /// Length in bytes.
  let width: Int

  /// Above all scalars.
  static let strayBase: UInt32 = 0x11_0000

  init(value: UInt32, width: Int) {
    self.value = value
    self.width = width
  }

  /// The scalar, or stray byte, that begins at `index`, which lies within `name`.
  init(at index: Int, of name: Span<UInt8>) {
    let first = name[index]
    var needed = 0
    var lowest: UInt32 = 0
    var value: UInt32 = 0
    switch first {
    case 0x00..<0x80:
      self.value = UInt32(first)
      width = 1
      return
    case 0xC2..<0xE0: (needed, lowest, value) = (1, 0x80, UInt32(first & 0x1F))
    case 0xE0..<0xF0: (needed, lowest, value) = (2, 0x800, UInt32(first & 0x0F))
    case 0xF0..<0xF5: (needed, lowest, value) = (3, 0x1_0000, UInt32(first & 0x07))
    default: break
    }
    var isWhole = needed > 0 && name.count - index > needed
    var step = 1
    while isWhole && step <= needed {
      let byte = name[index + step]
      isWhole = byte & 0xC0 == 0x80
      value = value << 6 | UInt32(byte & 0x3F)
      step += 1
    }
    if isWhole, value >= lowest, Unicode.Scalar(value) != nil {
      self.value = value
      width = needed + 1
    } else {
      self.value = NameUnit.strayBase + UInt32(first)
      width = 1
    }
  }

  /// The small letter of a unit's value; others as they are.
  static func folded(_ value: UInt32) -> UInt32 {
    if value < 0x80 { return value &- 0x41 < 26 ? value + 0x20 : value }
    guard let scalar = Unicode.Scalar(value) else { return value }
    let small = scalar.properties.lowercaseMapping.unicodeScalars
    guard let first = small.first else { return value }
    return first.value
  }
}

/// What a name is made of, for a pattern.
enum Alphabet: Sendable {
  /// Scalars as they are.
  case scalars
  /// Scalars, each as its small letter.
  case smallLetters
  /// Bytes, as Git has it.
  case bytes

  init(_ letterCase: LetterCase) {
    self =
      switch letterCase {
      case .exact: .scalars
      case .folded: .smallLetters
      }
  }

  /// The unit that begins at `index`, which lies within `name`.
  func unit(at index: Int, of name: Span<UInt8>) -> NameUnit {
    switch self {
    case .scalars: return NameUnit(at: index, of: name)
    case .bytes: return NameUnit(value: UInt32(name[index]), width: 1)
    case .smallLetters:
      let unit = NameUnit(at: index, of: name)
      return NameUnit(value: NameUnit.folded(unit.value), width: unit.width)
    }
  }
}
