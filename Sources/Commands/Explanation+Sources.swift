import Files
import Patterns

extension Explanation {
  /// How a program ended.
  static func text(_ end: ChildProcess.End) -> String {
    switch end {
    case .exited(let status): "failed with status \(status)"
    case .killed(let signal): "was ended by signal \(signal)"
    }
  }

  /// A pattern that cannot be used, and where it stands.
  ///
  /// - Parameter meaning: what was not done because of it.
  static func failure(
    from error: PatternError,
    in place: String,
    meaning: String = "Nothing was backed up."
  ) -> Failure {
    switch error {
    case .malformed(let pattern):
      return Failure(
        .usage,
        "\(place): \(DisplayedName.text(pattern)) is no pattern",
        meaning: meaning,
        advice: "A bracket needs its end, and a \\ something behind it; \\[ stands for a bracket."
      )
    case .tooLong(let count, let limit):
      return Failure(
        .usage,
        "\(place): a pattern has \(Quantities.count(count, "byte")); \(Quantities.count(limit)) are allowed",
        meaning: meaning
      )
    case .tooDeep(let pattern, let limit):
      return Failure(
        .usage,
        "\(place): \(DisplayedName.text(pattern)) has more than \(limit) names",
        meaning: meaning
      )
    case .unsetVariable(let name, let line):
      return Failure(
        .usage,
        "\(place), line \(line): the variable $\(DisplayedName.text(name)) is not set",
        meaning: meaning + " Without it, the pattern could leave out far too much.",
        advice: "Set it, or write $$ for a dollar sign."
      )
    case .tooMany(let limit):
      return Failure(
        .usage,
        "\(place): more than \(Quantities.count(limit)) entries",
        meaning: meaning
      )
    }
  }
}
