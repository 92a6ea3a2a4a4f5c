/// A pattern as restic's `--exclude` and `--include` take it.
///
/// `*`, `?` and brackets match within a name, `**` any number of folders. A leading slash binds the pattern to the top of an
/// absolute path; else it may begin at any name. What lies below a match matches too. A leading `!` negates.
///
/// Source: restic's manual, "Excluding files".
package struct PathPattern: Sendable {
  /// As it was given.
  package let text: [UInt8]
  package let letterCase: LetterCase
  /// It began with `!`.
  package let isNegated: Bool
  let glob: PathGlob
  let table: GlobTable
  /// It begins with a slash.
  let isAnchored: Bool

  /// Reads a pattern.
  ///
  /// An empty one matches nothing. Refuses what is malformed, too long or too deep.
  package init(_ text: [UInt8], letterCase: LetterCase = .exact) throws(PatternError) {
    guard text.count <= PatternLimits.byteCount else {
      throw .tooLong(byteCount: text.count, limit: PatternLimits.byteCount)
    }
    self.text = text
    self.letterCase = letterCase
    isNegated = text.first == UInt8(ascii: "!")
    let path = isNegated ? Array(text.dropFirst()) : text
    isAnchored = path.first == UInt8(ascii: "/")
    var table = GlobTable()
    var glob = PathGlob(in: table, reach: .below)
    if !isAnchored, !path.isEmpty { glob.appendAnyDepth(in: &table) }
    for name in PathPattern.cleanedNames(path, isAnchored: isAnchored) {
      if name.elementsEqual("**".utf8) {
        glob.appendAnyDepth(in: &table)
      } else {
        var parser = GlobParser(Array(name), dialect: .restic, alphabet: Alphabet(letterCase))
        guard parser.parse(into: &table) else { throw .malformed(pattern: text) }
        glob.appendName()
      }
      guard glob.partCount <= PatternLimits.partCount else {
        throw .tooDeep(pattern: text, limit: PatternLimits.partCount)
      }
    }
    if path.isEmpty {
      // A name that no entry has: without a part it would match everything.
      table.append([], alphabet: Alphabet(letterCase))
      glob.appendName()
    }
    self.glob = glob
    self.table = table
  }

  /// True if the path matches, not looking at negation.
  ///
  /// Paths that begin with a slash are absolute; patterns that do match only those.
  package func matches(_ path: [UInt8]) -> Bool { glob.isMatch(state(of: path)) }

  /// True if something below the path could match.
  package func mayMatchBelow(_ path: [UInt8]) -> Bool { state(of: path) != 0 }

  private func state(of path: [UInt8]) -> UInt64 {
    let isAbsolute = path.first == UInt8(ascii: "/")
    guard isAbsolute || !isAnchored else { return 0 }
    var state = glob.start
    for name in path.split(separator: UInt8(ascii: "/")) where state != 0 {
      state = glob.advanced(state, by: Array(name).span, in: table)
    }
    return state
  }

  /// The names of a path without empty ones, `.` and, where a name stands before it, `..`.
  private static func cleanedNames(_ path: [UInt8], isAnchored: Bool) -> [ArraySlice<UInt8>] {
    var names: [ArraySlice<UInt8>] = []
    for name in path.split(separator: UInt8(ascii: "/")) {
      if name.elementsEqual(".".utf8) { continue }
      if name.elementsEqual("..".utf8) {
        if let last = names.last, !last.elementsEqual("..".utf8) {
          names.removeLast()
          continue
        }
        if isAnchored { continue }
      }
      names.append(name)
    }
    // Go's filepath.Clean makes `.` of a relative path of which nothing is left; no name is that.
    if names.isEmpty, !isAnchored, !path.isEmpty { names.append([UInt8(ascii: ".")]) }
    return names
  }
}
