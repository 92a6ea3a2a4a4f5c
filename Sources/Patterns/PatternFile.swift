/// Reads a file of patterns or paths, as restic's `--exclude-file` and `--files-from` have them.
package enum PatternFile {
  /// The patterns of an exclude file, in order.
  ///
  /// White space around a line is dropped, empty lines and those that begin with `#` are left out; `$NAME` and `${NAME}` stand for
  /// variables, `$$` for a dollar sign. A variable that is not set is refused: `$CACHE/` must not become `/`.
  package static func patterns(
    in bytes: [UInt8],
    variable: (_ name: [UInt8]) -> [UInt8]?
  ) throws(PatternError) -> [[UInt8]] {
    var patterns: [[UInt8]] = []
    for (index, line) in lines(in: bytes).enumerated() {
      let trimmed = trimmed(line)
      guard let first = trimmed.first, first != UInt8(ascii: "#") else { continue }
      patterns.append(try expanded(Array(trimmed), line: index + 1, variable: variable))
      guard patterns.count <= PatternLimits.patternCount else {
        throw .tooMany(limit: PatternLimits.patternCount)
      }
    }
    return patterns
  }

  /// The lines of a `--files-from` file that are not empty and not comments, trimmed.
  package static func entries(in bytes: [UInt8]) -> [[UInt8]] {
    lines(in: bytes).compactMap { line in
      let trimmed = trimmed(line)
      guard let first = trimmed.first, first != UInt8(ascii: "#") else { return nil }
      return Array(trimmed)
    }
  }

  /// All lines, as they are, without their ends.
  ///
  /// A byte order mark is understood; text in UTF-16 becomes UTF-8.
  package static func lines(in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = text(of: bytes).split(
      separator: UInt8(ascii: "\n"),
      omittingEmptySubsequences: false
    )
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
  }

  private static func text(of bytes: [UInt8]) -> ArraySlice<UInt8> {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return bytes.dropFirst(3) }
    let isLittle = bytes.starts(with: [0xFF, 0xFE])
    guard isLittle || bytes.starts(with: [0xFE, 0xFF]) else { return bytes[...] }
    var units: [UInt16] = []
    for index in stride(from: 2, to: bytes.count - 1, by: 2) {
      let (low, high) = isLittle ? (index, index + 1) : (index + 1, index)
      units.append(UInt16(bytes[high]) << 8 | UInt16(bytes[low]))
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)[...]
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    var line = line
    while let first = line.first, isSpace(first) { line.removeFirst() }
    while let last = line.last, isSpace(last) { line.removeLast() }
    return line
  }

  // MARK: Variables

  private static func expanded(
    _ line: [UInt8],
    line number: Int,
    variable: (_ name: [UInt8]) -> [UInt8]?
  ) throws(PatternError) -> [UInt8] {
    let dollar = UInt8(ascii: "$")
    var result: [UInt8] = []
    var place = 0
    while place < line.count {
      guard line[place] == dollar, let (name, width) = variableName(line[(place + 1)...]) else {
        result.append(line[place])
        place += 1
        continue
      }
      place += 1 + width
      if name.elementsEqual([dollar]) {
        result.append(dollar)
      } else if let value = variable(Array(name)) {
        result += value
      } else {
        throw .unsetVariable(name: Array(name), line: number)
      }
    }
    return result
  }

  /// The variable that `rest`, what stands behind a dollar sign, begins with, and how many bytes name it.
  private static func variableName(
    _ rest: ArraySlice<UInt8>
  ) -> (name: ArraySlice<UInt8>, width: Int)? {
    guard let first = rest.first else { return nil }
    if first == UInt8(ascii: "$") { return (rest.prefix(1), 1) }
    if first == UInt8(ascii: "{") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
      return (rest[(rest.startIndex + 1)..<end], end - rest.startIndex + 1)
    }
    let name = rest.prefix { byte in
      byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte)
    }
    return name.isEmpty ? nil : (name, name.count)
  }
}
