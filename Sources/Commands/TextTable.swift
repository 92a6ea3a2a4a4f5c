/// Columns of text.
enum TextTable {
  /// Lines with columns as wide as their widest cell; the last one is not filled.
  static func lines(header: [String], rows: [[String]], rightAligned: Set<Int>) -> [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      row.enumerated().map { column, cell in
        let fill = String(repeating: " ", count: widths[column] - cell.count)
        if rightAligned.contains(column) { return fill + cell }
        return column == row.count - 1 ? cell : cell + fill
      }.joined(separator: "  ").trimmed
    }
  }
}

extension String {
  /// Without blanks at the end.
  fileprivate var trimmed: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
