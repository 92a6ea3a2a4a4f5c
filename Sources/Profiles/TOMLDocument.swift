import TOMLKit

/// A value of a TOML file, as far as profiles need it.
indirect enum TOMLDocumentValue: Equatable {
  /// Entries in order of key.
  case table([Entry])
  case array([TOMLDocumentValue])
  case text(String)
  case integer(Int)
  /// `true` or `false`.
  case answer(Bool)
  /// A type that no profile has a use for, by its name.
  case other(String)

  /// A key and what it stands for.
  struct Entry: Equatable {
    let key: String
    let value: TOMLDocumentValue
  }

  /// The type's name, for messages.
  var typeName: String {
    switch self {
    case .table: "a table"
    case .array: "a list"
    case .text: "a text"
    case .integer: "a number"
    case .answer(let answer): "\(answer)"
    case .other(let name): name
    }
  }
}

/// Reads TOML; the only place that knows the library.
///
/// Source: Docs/decisions/0017-profile-file.md.
enum TOMLDocument {
  /// Bytes of a file at most.
  static let byteLimit = 64 << 10

  static func parse(_ bytes: [UInt8]) throws(ProfileError) -> [TOMLDocumentValue.Entry] {
    guard bytes.count <= byteLimit else { throw .tooLarge(limit: byteLimit) }
    guard let text = String(validating: bytes, as: UTF8.self), !holdsZero(bytes) else {
      throw .notText
    }
    try TOMLGuard.check(bytes)
    do {
      return entries(of: try TOMLTable(string: text))
    } catch let error as TOMLParseError {
      throw .syntax(
        line: error.source.begin.line,
        column: error.source.begin.column,
        reason: error.description
      )
    } catch {
      throw .syntax(line: 1, column: 1, reason: "\(error)")
    }
  }

  /// The library hands keys and texts over as C strings: a zero in one would end it, and a key cut short traps.
  private static func holdsZero(_ bytes: [UInt8]) -> Bool {
    if bytes.contains(0) { return true }
    let backslash = UInt8(ascii: "\\")
    for (letter, digits) in [(UInt8(ascii: "u"), 4), (UInt8(ascii: "U"), 8)] {
      let escape = [backslash, letter] + [UInt8](repeating: UInt8(ascii: "0"), count: digits)
      if bytes.contains(escape) { return true }
    }
    return false
  }

  private static func entries(of table: TOMLTable) -> [TOMLDocumentValue.Entry] {
    table.map { TOMLDocumentValue.Entry(key: $0, value: value($1)) }.sorted { $0.key < $1.key }
  }

  private static func value(_ value: any TOMLValueConvertible) -> TOMLDocumentValue {
    if let table = value.table { return .table(entries(of: table)) }
    if let array = value.array { return .array(array.map { self.value($0) }) }
    if let text = value.string { return .text(text) }
    if let number = value.int { return .integer(number) }
    if let answer = value.bool { return .answer(answer) }
    return .other("a \(value.type)")
  }
}
