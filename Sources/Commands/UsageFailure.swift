import ArgumentParser

/// Words for a command line that the parser refused, in the style of all other failures.
struct UsageFailure {
  /// What the parser said, without the mark in front.
  private let message: String
  /// What the parser knows of the argument that it is about.
  private let help: String?
  private let usage: String?
  private let command: any ParsableCommand.Type
  private let name: String

  /// - Parameter arguments: the command line, with options behind the command's name.
  static func failure(_ error: any Error, _ arguments: [String]) -> Failure {
    UsageFailure(error, arguments).failure
  }

  private init(_ error: any Error, _ arguments: [String]) {
    message = Kist.message(for: error)
    let lines = Kist.fullMessage(for: error).split(separator: "\n").map(String.init)
    help = lines.first { $0.hasPrefix("Help:") }.map { line in
      // "Help:  --option <value>  What it is."
      line.dropFirst("Help:".count).drop { $0 == " " }.split(separator: "  ", maxSplits: 1).last
        .map(String.init) ?? line
    }
    usage = lines.first { $0.hasPrefix("Usage:") }
    (command, name) = LeadingOptions.named(arguments, in: Kist.self)
  }

  private var failure: Failure {
    let (what, hint) = words
    return Failure(
      .usage,
      what,
      meaning: hint,
      advice: (usage.map { $0 + "; " } ?? "") + "`\(name) --help` tells more."
    )
  }

  private var quoted: [String] {
    message.split(separator: "'", omittingEmptySubsequences: false).enumerated()
      .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
  }

  private var words: (what: String, hint: String?) {
    let first = DisplayedName.text(quoted.first ?? "")
    if message.hasPrefix("Unknown option") {
      return ("`\(name)` has no option \(first)", hint(for: first))
    }
    if message.hasPrefix("Missing value for") { return ("\(first) lacks its value", help) }
    if message.hasPrefix("Missing expected argument") {
      return ("\(first) is missing", help)
    }
    if message.hasPrefix("The value '"), quoted.count >= 2, let option = quoted.last {
      // The parser also names what is allowed, the default last: the option is the word that begins with a dash.
      let named = quoted.dropFirst().first { $0.hasPrefix("-") } ?? option
      return named.hasPrefix("-") || quoted.count == 2
        ? ("\(named) is not understood: \(first)", help) : ("\(first) is not understood", help)
    }
    let isUnexpected =
      message.hasPrefix("Unexpected argument") || message.contains(" unexpected arguments:")
    if isUnexpected, !command.configuration.subcommands.isEmpty {
      return (
        "`\(name)` has no command \(first)", UnknownCommand.hint(quoted.first ?? "", of: command)
      )
    }
    if isUnexpected {
      return (
        "`\(name)` does not take this: \(first)", ForeignOptions.answer(toWord: first, for: name)
      )
    }
    let plain = DisplayedName.text(message.replacing("\n", with: " "))
    return (plain.prefix(1).lowercased() + plain.dropFirst(), nil)
  }

  /// What was probably meant by an option that there is not.
  private func hint(for option: String) -> String? {
    let known = options
    let bare = String(option.prefix { $0 != "=" })
    // What another program means by it is surer than what looks alike: --repo2 is no --repo.
    if let answer = ForeignOptions.answer(bare, for: name) { return answer }
    if bare.hasPrefix("--"), let near = NearName.nearest(to: bare, among: known) {
      return "Did you mean \(near)?"
    }
    return NearName.beginning(of: bare, among: known).map { "Did you mean \($0)?" }
  }

  /// The long options of the command, as its help shows them.
  private var options: [String] {
    Kist.helpMessage(for: command, columns: 200).split(separator: "\n")
      .filter { $0.hasPrefix("  -") }
      .flatMap { line in
        line.split { " ,/".contains($0) }.filter { $0.hasPrefix("--") && $0.count > 2 }
      }
      .map(String.init)
  }
}
