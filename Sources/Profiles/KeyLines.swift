/// Where the keys of a TOML file stand, for messages: the library tells lines of syntax errors only.
///
/// Reads a file that the library accepts; keys inside of inline tables are not found.
package struct KeyLines {
  private var lines: [String: Int] = [:]

  /// Notes the first line of every key and table.
  package init(_ bytes: [UInt8]) {
    var table: [String] = []
    // The delimiter of the text over several lines that a line begins in.
    var open: String?
    for (index, line) in String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if open == nil {
        var rest = line.drop { $0 == " " || $0 == "\t" }
        let isTable = rest.first == "["
        rest = rest.drop { $0 == "[" }
        if let names = KeyLines.names(&rest), rest.first == (isTable ? "]" : "=") {
          if isTable { table = names }
          note(isTable ? names : table + names, index + 1)
        }
      }
      open = KeyLines.delimiter(after: line, open)
    }
  }

  /// The line of a key such as `profiles.laptop.paths[2]`, from 1; `nil` if it was not found.
  package func line(of key: String) -> Int? { lines[String(key.prefix { $0 != "[" })] }

  private mutating func note(_ names: [String], _ line: Int) {
    for count in names.indices {
      let key = names[...count].joined(separator: ".")
      if lines[key] == nil { lines[key] = line }
    }
  }

  /// Takes a dotted key from the front of `text`; `nil` if there is none.
  private static func names(_ text: inout Substring) -> [String]? {
    var names: [String] = []
    while true {
      text = text.drop { $0 == " " || $0 == "\t" }
      if let quote = text.first, quote == "\"" || quote == "'" {
        text = text.dropFirst()
        guard let end = text.firstIndex(of: quote) else { return nil }
        names.append(String(text[..<end]))
        text = text[end...].dropFirst()
      } else {
        let name = text.prefix { !" \t.=]#\r".contains($0) }
        guard !name.isEmpty else { return nil }
        names.append(String(name))
        text = text[name.endIndex...]
      }
      text = text.drop { $0 == " " || $0 == "\t" }
      guard text.first == "." else { return names }
      text = text.dropFirst()
    }
  }

  /// The delimiter of the text that goes on after a line.
  private static func delimiter(after line: Substring, _ open: String?) -> String? {
    var open = open
    var rest = line
    while true {
      if let delimiter = open {
        guard let end = rest.firstRange(of: delimiter) else { return delimiter }
        rest = rest[end.upperBound...]
        open = nil
      } else {
        let found = ["\"\"\"", "'''"].compactMap { delimiter in
          rest.firstRange(of: delimiter).map { (delimiter, $0) }
        }.min { $0.1.lowerBound < $1.1.lowerBound }
        guard let (delimiter, range) = found else { return nil }
        rest = rest[range.upperBound...]
        open = delimiter
      }
    }
  }
}
