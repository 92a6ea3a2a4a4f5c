/// A pattern for one name of a path that is looked for on a disk.
package struct NamePattern: Sendable {
  private let table: GlobTable

  /// Reads `*`, `?`, brackets and backslashes as restic does.
  package init(_ text: [UInt8]) throws(PatternError) {
    guard text.count <= PatternLimits.byteCount else {
      throw .tooLong(byteCount: text.count, limit: PatternLimits.byteCount)
    }
    var table = GlobTable()
    var parser = GlobParser(text, dialect: .restic, alphabet: .scalars)
    guard parser.parse(into: &table) else { throw .malformed(pattern: text) }
    self.table = table
  }

  /// True if the whole of `name` matches.
  package func matches(_ name: Span<UInt8>) -> Bool { table.matches(0, name) }

  /// True if a text has letters that make it a pattern, and not just a name.
  package static func isPattern(_ text: some Sequence<UInt8>) -> Bool {
    text.contains { letter in
      [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\")]
        .contains(letter)
    }
  }
}
