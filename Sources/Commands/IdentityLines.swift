import Files

/// Lines with whole ids, which a narrow terminal would break in the middle.
enum IdentityLines {
  /// An id and what is said of it; in two lines where a terminal has too few columns for one.
  static func lines(_ id: String, _ facts: String) -> [String] {
    lines(id, facts, width: StandardStreams.terminalWidth(1))
  }

  /// The same for a width; `nil` if nothing needs to fit.
  static func lines(_ id: String, _ facts: String, width: Int?) -> [String] {
    let line = id + "  " + facts
    guard let width, line.count > width else { return [line] }
    return [id, "  " + facts]
  }

  /// Fields and their values in two columns; a value that does not fit beside its field is put below it, in words.
  static func fields(_ rows: [[String]]) -> [String] {
    fields(rows, width: StandardStreams.terminalWidth(1))
  }

  /// The same for a width; `nil` if nothing needs to fit.
  static func fields(_ rows: [[String]], width: Int?) -> [String] {
    let lines = TextTable.lines(header: ["", ""], rows: rows, rightAligned: []).dropFirst()
    guard let width else { return Array(lines) }
    return zip(lines, rows).flatMap { line, row in
      guard line.count > width, let field = row.first, let value = row.last else { return [line] }
      return [field] + TextFold.lines(value, width: width, first: "  ", lead: "  ")
    }
  }
}
