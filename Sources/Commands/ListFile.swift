import Files

/// Files in which a person lists patterns or paths.
enum ListFile {
  /// All of a file, or of standard input for `-`.
  static func read(_ name: String, limit: Int, option: String) throws -> [UInt8] {
    do {
      let file = name == "-" ? try OpenFile.standardInput() : try OpenFile.open(path: name)
      return try file.readAll(limit: limit)
    } catch {
      throw Failure(
        .failed,
        "cannot read \(name == "-" ? "standard input" : name): \(error.reason)",
        meaning: "Nothing was backed up.",
        advice: "Check \(option)."
      )
    }
  }
}
