import Files

/// Files in which a person lists patterns or paths.
enum ListFile {
  /// All of a file, or of standard input for `-`.
  static func read(
    _ name: String,
    limit: Int,
    option: String,
    meaning: String = "Nothing was backed up."
  ) throws -> [UInt8] {
    do {
      let file = name == "-" ? try OpenFile.standardInput() : try OpenFile.openAtOnce(path: name)
      return try file.readAllStoppably(limit: limit)
    } catch {
      guard !error.isInterrupted else {
        throw Failure(.interrupted, "stopped as asked", meaning: meaning)
      }
      throw Failure(
        .failed,
        "cannot read \(name == "-" ? "standard input" : DisplayedName.text(name)): \(error.reason)",
        meaning: meaning,
        advice: "Check \(option)."
      )
    }
  }
}
