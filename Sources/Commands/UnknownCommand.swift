import ArgumentParser

/// Answers a command that there is not; people come with words of other programs.
enum UnknownCommand {
  /// Why the command line names no command; `nil` if it does.
  static func failure(_ arguments: [String]) -> Failure? {
    if let option = LeadingOptions.withEmptyValue(arguments) {
      return Failure(
        .usage,
        "\(DisplayedName.text(option))= has no value",
        meaning: "A variable of a script may be empty.",
        advice: "Put a value behind the sign, or leave the option out."
      )
    }
    if let option = LeadingOptions.withoutValue(arguments) {
      return Failure(
        .usage,
        "\(option) needs a value, and a command behind it",
        advice: "`kist --help` lists options and commands."
      )
    }
    guard let name = LeadingOptions.command(of: arguments), !name.hasPrefix("-") else { return nil }
    guard name == "help" else {
      guard !LeadingOptions.isCommand(name, of: Kist.self) else { return nil }
      return failure(name, of: Kist.self, typed: "kist")
    }
    return failureOfHelp(arguments.drop { $0 != name }.dropFirst())
  }

  /// Why `kist help WORDS` has nothing to show.
  private static func failureOfHelp(_ words: ArraySlice<String>) -> Failure? {
    var command: any ParsableCommand.Type = Kist.self
    var typed = "kist"
    for word in words where !word.hasPrefix("-") && word != "help" {
      guard !command.configuration.subcommands.isEmpty else { return nil }
      guard let next = LeadingOptions.subcommand(word, of: command) else {
        return failure(word, of: command, typed: typed)
      }
      command = next
      typed += " " + next._commandName
    }
    return nil
  }

  private static func failure(
    _ name: String,
    of command: any ParsableCommand.Type,
    typed: String
  ) -> Failure {
    let shown = DisplayedName.text(name)
    guard typed == "kist" else {
      return Failure(
        .usage,
        "`\(typed)` has no command \(shown)",
        meaning: hint(name, of: command),
        advice: "`\(typed) --help` lists its commands."
      )
    }
    return Failure(
      .usage,
      "there is no command \(shown)",
      meaning: ForeignCommands.answer(name) == nil ? hint(name, of: command) : nil,
      advice: ForeignCommands.answer(name) ?? "`kist --help` lists the commands."
    )
  }

  /// What was probably meant by a command that there is not.
  static func hint(_ name: String, of command: any ParsableCommand.Type) -> String? {
    let names = command.configuration.subcommands.map { $0._commandName }
    let aliases = command.configuration.subcommands.flatMap { $0.configuration.aliases }
    let near =
      NearName.nearest(to: name, among: names) ?? NearName.nearest(to: name, among: aliases)
    return near.map { "Did you mean \($0)?" }
  }
}
