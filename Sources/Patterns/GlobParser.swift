/// Which tool's brackets are understood.
enum GlobDialect {
  /// Go's `filepath.Match`, which restic uses: `[^…]`, ranges, `\` as escape; anything odd is malformed.
  case restic
  /// Git's: also `[!…]`, a `]` or `-` that stands for itself, and classes such as `[:alpha:]`.
  case git
}

/// Reads the pattern of one name.
struct GlobParser {
  private let text: [UInt8]
  private let dialect: GlobDialect
  private let alphabet: Alphabet
  private var place = 0

  init(_ text: [UInt8], dialect: GlobDialect, alphabet: Alphabet) {
    self.text = text
    self.dialect = dialect
    self.alphabet = alphabet
  }

  /// Adds the pattern to `table`; false if it is malformed.
  mutating func parse(into table: inout GlobTable) -> Bool {
    var tokens: [NameGlob.Token] = []
    while place < text.count {
      switch text[place] {
      case UInt8(ascii: "*"):
        place += 1
        if case .many? = tokens.last { continue }
        tokens.append(.many)
      case UInt8(ascii: "?"):
        place += 1
        tokens.append(.one)
      case UInt8(ascii: "["):
        place += 1
        guard let (ranges, isNegated) = set() else { return false }
        tokens.append(.set(table.appendSet(ranges, isNegated: isNegated)))
      case UInt8(ascii: "\\"):
        place += 1
        guard place < text.count else { return false }
        appendLiteral(to: &tokens)
      default: appendLiteral(to: &tokens)
      }
    }
    table.append(tokens, alphabet: alphabet)
    return true
  }

  private mutating func appendLiteral(to tokens: inout [NameGlob.Token]) {
    switch alphabet {
    case .scalars, .bytes:
      tokens.append(.byte(text[place]))
      place += 1
    case .smallLetters: tokens.append(.unit(unit()))
    }
  }

  private mutating func unit() -> UInt32 {
    let unit = alphabet.unit(at: place, of: text.span)
    place += unit.width
    return unit.value
  }

  private var next: UInt8? { place < text.count ? text[place] : nil }

  // MARK: Brackets

  private mutating func set() -> (ranges: [ClosedRange<UInt32>], isNegated: Bool)? {
    var set: [ClosedRange<UInt32>] = []
    var isNegated = false
    if next == UInt8(ascii: "^") || (dialect == .git && next == UInt8(ascii: "!")) {
      isNegated = true
      place += 1
    }
    var isFirst = true
    while let byte = next {
      if byte == UInt8(ascii: "]"), !isFirst {
        place += 1
        return (set, isNegated)
      }
      if dialect == .git, let ranges = namedClass() {
        set += ranges
      } else {
        guard let low = member() else { return nil }
        guard let high = upperEnd(of: low) else { return nil }
        if low <= high { set.append(low...high) }
      }
      isFirst = false
    }
    return nil
  }

  /// One end of a range.
  private mutating func member() -> UInt32? {
    guard let byte = next else { return nil }
    if dialect == .restic, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "]") { return nil }
    if byte == UInt8(ascii: "\\") {
      place += 1
      guard place < text.count else { return nil }
    }
    return unit()
  }

  /// The other end of the range that begins with `low`; `low` itself if there is none.
  private mutating func upperEnd(of low: UInt32) -> UInt32? {
    guard next == UInt8(ascii: "-") else { return low }
    if dialect == .git, place + 1 < text.count, text[place + 1] == UInt8(ascii: "]") { return low }
    place += 1
    return member()
  }

  /// The ranges of `[:name:]`, if that stands here.
  private mutating func namedClass() -> [ClosedRange<UInt32>]? {
    guard text[place...].starts(with: Array("[:".utf8)) else { return nil }
    for (name, ranges) in GlobParser.classes {
      let whole = Array("[:\(name):]".utf8)
      guard text[place...].starts(with: whole) else { continue }
      place += whole.count
      return ranges
    }
    return nil
  }

  /// POSIX classes over ASCII, as Git has them.
  private static let classes: [(name: String, ranges: [ClosedRange<UInt32>])] = [
    ("alnum", [0x30...0x39, 0x41...0x5A, 0x61...0x7A]),
    ("alpha", [0x41...0x5A, 0x61...0x7A]),
    ("blank", [0x09...0x09, 0x20...0x20]),
    ("cntrl", [0x00...0x1F, 0x7F...0x7F]),
    ("digit", [0x30...0x39]),
    ("graph", [0x21...0x7E]),
    ("lower", [0x61...0x7A]),
    ("print", [0x20...0x7E]),
    ("punct", [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
    ("space", [0x09...0x0D, 0x20...0x20]),
    ("upper", [0x41...0x5A]),
    ("xdigit", [0x30...0x39, 0x41...0x46, 0x61...0x66]),
  ]
}
