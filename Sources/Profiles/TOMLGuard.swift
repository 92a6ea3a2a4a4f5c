/// Looks for what the library meets with an assertion, which ends the process, instead of with an error.
///
/// All of it is malformed TOML, or nesting that no profile has. What stands before is well-formed when the library comes to it, so
/// texts and comments need to be followed only as far as TOML goes. Source: Docs/decisions/0017-profile-file.md.
struct TOMLGuard {
  /// Dots outside of texts in a line at most: each dot of a key nests a table, which the library follows by recursion.
  private static let dotLimit = 64

  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var lineStart = 0
  /// Dots of this line, outside of texts.
  private var dots = 0
  /// Brackets and braces that are open; those of a table's header do not count.
  private var depth = 0
  private var isHeader = false
  /// The last byte that is no space, line end, or part of a comment; 10 at the start of a line that is no value's.
  private var last = UInt8(ascii: "\n")

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Refuses what the library must not see.
  static func check(_ bytes: [UInt8]) throws(ProfileError) {
    var pass = TOMLGuard(bytes)
    while pass.index < bytes.count { try pass.step() }
  }

  private mutating func step() throws(ProfileError) {
    let byte = bytes[index]
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
    case UInt8(ascii: "\n"):
      noteLineEnd()
      if depth == 0 { last = byte }
      isHeader = false
      dots = 0
    case UInt8(ascii: "#"):
      while index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "\n") { index += 1 }
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      skipText(byte)
      last = byte
    default:
      try look(at: byte)
      last = byte
    }
    index += 1
  }

  private mutating func look(at byte: UInt8) throws(ProfileError) {
    switch byte {
    case UInt8(ascii: "["):
      if depth == 0, last == UInt8(ascii: "\n") {
        isHeader = true
        try checkHeader()
      } else if !isHeader {
        depth += 1
      }
    case UInt8(ascii: "{"): if !isHeader { depth += 1 }
    case UInt8(ascii: "]"): if !isHeader { depth = max(0, depth - 1) }
    case UInt8(ascii: "}"):
      guard last != UInt8(ascii: "["), last != UInt8(ascii: ",") else {
        throw malformed("a value is missing before }")
      }
      if !isHeader { depth = max(0, depth - 1) }
    case UInt8(ascii: "."):
      dots += 1
      guard dots <= TOMLGuard.dotLimit else { throw malformed("keys are nested too deeply") }
    case UInt8(ascii: "T"), UInt8(ascii: "t"):
      guard !isAfterDate || isDigit(at: index + 1) else { throw malformed("a date has no time") }
    default: break
    }
  }

  /// A header goes on with a key.
  private mutating func checkHeader() throws(ProfileError) {
    if byte(at: index + 1) == UInt8(ascii: "[") { index += 1 }
    var next = index + 1
    while [UInt8(ascii: " "), UInt8(ascii: "\t")].contains(byte(at: next)) { next += 1 }
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    guard let byte = byte(at: next),
      letters.contains(byte | 0x20) || isDigit(at: next) || "_-\"'".utf8.contains(byte)
    else { throw malformed("a table's name must follow [") }
  }

  /// Goes to the last byte of the text that begins here, or of the line if it does not end there.
  private mutating func skipText(_ quote: UInt8) {
    let isLong = byte(at: index + 1) == quote && byte(at: index + 2) == quote
    index += isLong ? 3 : 1
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        index += 1
        if self.byte(at: index) == UInt8(ascii: "\n") { noteLineEnd() }
      } else if byte == UInt8(ascii: "\n") {
        guard isLong else {
          index -= 1
          return
        }
        noteLineEnd()
      } else if byte == quote {
        guard isLong else { return }
        if self.byte(at: index + 1) == quote, self.byte(at: index + 2) == quote {
          index += 2
          // A text may end with two quotes of its own.
          for _ in 0..<2 where self.byte(at: index + 1) == quote { index += 1 }
          return
        }
      }
      index += 1
    }
  }

  private mutating func noteLineEnd() {
    line += 1
    lineStart = index + 1
  }

  /// `2026-01-31` stands before the byte.
  private var isAfterDate: Bool {
    index >= 10
      && (0..<10).allSatisfy { place in
        place == 4 || place == 7
          ? bytes[index - 10 + place] == UInt8(ascii: "-") : isDigit(at: index - 10 + place)
      }
  }

  private func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

  private func isDigit(at index: Int) -> Bool {
    byte(at: index).map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  private func malformed(_ reason: String) -> ProfileError {
    .syntax(line: line, column: index - lineStart + 1, reason: reason)
  }
}
