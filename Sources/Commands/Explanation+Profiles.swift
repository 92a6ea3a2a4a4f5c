import Profiles

extension Explanation {
  /// What is wrong with a profile file.
  static func failure(from error: ProfileError, in path: String, holding bytes: [UInt8]) -> Failure
  {
    let file = DisplayedName.text(path)
    func place(_ key: String) -> String {
      KeyLines(bytes).line(of: key).map { "\(file), line \($0)" } ?? file
    }
    return switch error {
    case .tooLarge(let limit):
      Failure(.failed, "\(file) has more than \(Quantities.bytes(limit))", meaning: nothingDone)
    case .notText:
      Failure(
        .failed,
        "\(file) is not a text in UTF-8, or has a zero character",
        meaning: nothingDone
      )
    case .syntax(let line, let column, let reason):
      Failure(
        .failed,
        "\(file), line \(line), column \(column): \(shown(reason))",
        meaning: nothingDone,
        advice: "The file is TOML: texts in quotes, lists in brackets; https://toml.io tells more."
      )
    case .unknownKey(let key, let known):
      Failure(
        .failed,
        "\(place(key)): \(shown(key)) means nothing here",
        meaning: nothingDone,
        advice: "What may stand there: \(known.joined(separator: ", "))."
      )
    case .wrongType(let key, let expected, let found):
      Failure(
        .failed,
        "\(place(key)): \(shown(key)) must be \(expected), not \(found)",
        meaning: nothingDone
      )
    case .badValue(let key, let reason):
      Failure(.failed, "\(place(key)): \(shown(key)): \(reason)", meaning: nothingDone)
    case .secret(let key):
      Failure(
        .refusedForSafety,
        "\(place(key)): \(shown(key)): a password never stands in this file",
        meaning: "Backups, editors and version control copy such files. " + nothingDone,
        advice: "Use password-file or password-command, and choose a new password if this one "
          + "was seen (`kist key passwd`)."
      )
    case .unknownProfile(let name, let known):
      Failure(
        .failed,
        "\(file) has no profile \(shown(name))",
        meaning: nothingDone,
        advice: known.isEmpty
          ? "It has none: begin one with [profiles.\(shown(name))]."
          : "It has \(known.map(shown).joined(separator: ", "))."
      )
    }
  }

  private static let nothingDone = "Nothing was done."

  private static func shown(_ text: String) -> String { DisplayedName.text(text) }
}
