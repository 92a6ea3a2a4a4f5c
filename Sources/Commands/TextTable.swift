import Files

/// Columns of text.
enum TextTable {
  /// How a table is made to fit into a terminal.
  struct Fit {
    /// Columns of the terminal; `nil` if nothing needs to fit.
    let width: Int?
    /// The column whose cells lose their middle.
    let shortened: Int
    /// Columns that go one after the other while that is not enough.
    let dropped: [Int]
    /// What stays whole at the front of a cell that is shortened; in the order in which several stand there.
    var kept: [String] = []

    /// Fits into the terminal that standard output is, if it is one: a program gets everything.
    static func terminal(
      shortening column: Int,
      dropping columns: [Int] = [],
      keeping remarks: [String] = []
    ) -> Fit {
      Fit(
        width: StandardStreams.terminalWidth(1),
        shortened: column,
        dropped: columns,
        kept: remarks
      )
    }

    /// Letters at the front of a cell that stay.
    fileprivate func keptLetters(of cell: String) -> Int {
      var rest = cell[...]
      for remark in kept where rest.hasPrefix(remark) { rest = rest.dropFirst(remark.count) }
      return cell.count - rest.count
    }

    /// A cell in so many letters, not counting those that stay beyond them.
    fileprivate func shortened(_ cell: String, to letters: Int) -> String {
      let kept = keptLetters(of: cell)
      return cell.prefix(kept) + String(cell.dropFirst(kept)).shortened(to: max(letters - kept, 2))
    }
  }

  private static let gap = "  "
  /// Letters of a cell that are left at least.
  private static let leastLetters = 16

  /// Lines with columns as wide as their widest cell; the last one is not filled.
  static func lines(header: [String], rows: [[String]], rightAligned: Set<Int>) -> [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      row.enumerated().map { column, cell in
        let fill = String(repeating: " ", count: widths[column] - cell.count)
        if rightAligned.contains(column) { return fill + cell }
        return column == row.count - 1 ? cell : cell + fill
      }.joined(separator: gap).trimmed
    }
  }

  /// The same, in no more columns than a terminal has, as far as that can be.
  static func lines(
    header: [String],
    rows: [[String]],
    rightAligned: Set<Int>,
    fitting fit: Fit
  ) -> [String] {
    guard let width = fit.width else {
      return lines(header: header, rows: rows, rightAligned: rightAligned)
    }
    let all = [header] + rows
    let least = leastLetters + (all.map { fit.keptLetters(of: $0[fit.shortened]) }.max() ?? 0)
    var shown = Array(header.indices)
    var room = 0
    for drop in [nil] + fit.dropped.map(Optional.some) {
      if let drop { shown.removeAll { $0 == drop } }
      let others = shown.filter { $0 != fit.shortened }.map { column in
        gap.count + (all.map { $0[column].count }.max() ?? 0)
      }
      room = width - others.reduce(0, +)
      let natural = all.map { $0[fit.shortened].count }.max() ?? 0
      if room >= min(natural, least) { break }
    }
    let letters = max(room, least)
    let cut = all.map { row in
      shown.map { $0 == fit.shortened ? fit.shortened(row[$0], to: letters) : row[$0] }
    }
    return lines(
      header: cut[0],
      rows: Array(cut.dropFirst()),
      rightAligned: Set(shown.indices.filter { rightAligned.contains(shown[$0]) })
    )
  }
}

extension String {
  /// Without blanks at the end.
  fileprivate var trimmed: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// With so many letters at most; what is left out is the middle, as names differ at both ends.
  func shortened(to count: Int) -> String {
    guard self.count > count, count > 1 else { return self }
    let end = (count - 1) * 2 / 3
    return prefix(count - 1 - end) + "…" + suffix(end)
  }
}
