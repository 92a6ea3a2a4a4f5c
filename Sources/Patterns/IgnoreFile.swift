/// The rules of one `.gitignore`.
///
/// Source: gitignore(5).
package struct IgnoreFile: Sendable {
  struct Rule: Sendable {
    let glob: PathGlob
    let isNegated: Bool
    let isForFoldersOnly: Bool
  }

  let rules: [Rule]
  let table: GlobTable

  /// Rules that were left out because there are more than `PatternLimits.ignoreRuleCount`.
  package let omittedCount: Int

  /// Reads the rules.
  ///
  /// A malformed rule matches nothing, as in Git.
  package init(_ bytes: [UInt8]) {
    var rules: [Rule] = []
    var table = GlobTable()
    var omitted = 0
    for line in PatternFile.lines(in: bytes) {
      guard let rule = IgnoreFile.rule(line, in: &table) else { continue }
      if rules.count < PatternLimits.ignoreRuleCount {
        rules.append(rule)
      } else {
        omitted += 1
      }
    }
    self.rules = rules
    self.table = table
    omittedCount = omitted
  }

  private static func rule(_ line: ArraySlice<UInt8>, in table: inout GlobTable) -> Rule? {
    let slash = UInt8(ascii: "/")
    guard line.first != UInt8(ascii: "#") else { return nil }
    var text = withoutTrailingSpaces(line)
    guard text.count <= PatternLimits.byteCount else { return nil }
    let isNegated = text.first == UInt8(ascii: "!")
    if isNegated { text.removeFirst() }
    let isForFoldersOnly = text.last == slash
    if isForFoldersOnly { text.removeLast() }
    guard !text.isEmpty else { return nil }
    let isBound = text.contains(slash)
    if text.first == slash { text.removeFirst() }
    var glob = PathGlob(in: table, reach: .exact)
    if !isBound { glob.appendAnyDepth(in: &table) }
    let names = text.split(separator: slash, omittingEmptySubsequences: false)
    for (index, name) in names.enumerated() {
      guard !name.isEmpty, glob.partCount + 2 <= PatternLimits.partCount else { return nil }
      // Three stars and more are as good as two.
      if isBound, name.count >= 2, name.allSatisfy({ $0 == UInt8(ascii: "*") }) {
        glob.appendAnyDepth(in: &table)
        // `folder/**` is all that is in the folder, not the folder.
        guard index == names.count - 1 else { continue }
        table.append([.many], alphabet: .bytes)
        glob.appendName()
        continue
      }
      var parser = GlobParser(Array(name), dialect: .git, alphabet: .bytes)
      guard parser.parse(into: &table) else { return nil }
      glob.appendName()
    }
    return Rule(
      glob: glob,
      isNegated: isNegated,
      isForFoldersOnly: isForFoldersOnly
    )
  }

  /// Spaces at the end do not count, unless a backslash stands before them.
  private static func withoutTrailingSpaces(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var end = line.startIndex
    var place = line.startIndex
    while place < line.endIndex {
      if line[place] == UInt8(ascii: "\\"), place + 1 < line.endIndex {
        place += 2
        end = place
      } else {
        if line[place] != UInt8(ascii: " ") { end = place + 1 }
        place += 1
      }
    }
    return line[..<end]
  }
}
