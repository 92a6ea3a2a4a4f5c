import ArgumentParser

/// Lets the options of every command stand before the command's name too: `kist -P laptop backup`.
///
/// The parser knows options of a command only behind its name, so they are put there.
enum LeadingOptions {
  /// Options that are followed by a value; `LeadingOptionsTests` compares them with the declared ones.
  static let valued: Set<String> = [
    "--repo", "-r", "--profile", "-P", "--config", "--password-file", "-p", "--password-command",
    "--cache-dir", "--remote-program",
  ]
  /// Options that stand alone.
  static let flags: Set<String> = ["--recovery-key", "--json", "--quiet", "-q", "--verbose", "-v"]

  /// The arguments with options of the front moved behind the name of the command that they are for.
  ///
  /// Dropped if no command is named that could take them: the answer is then the help that names the commands.
  static func moved(_ arguments: [String], in root: any ParsableCommand.Type) -> [String] {
    var index = arguments.startIndex
    while index < arguments.endIndex, let width = width(arguments[index]) {
      index = min(index + width, arguments.endIndex)
    }
    let options = arguments[..<index]
    var command = root
    while index < arguments.endIndex, let next = subcommand(arguments[index], of: command) {
      command = next
      index += 1
    }
    let rest = arguments[index...]
    guard command.configuration.subcommands.isEmpty else {
      return Array(arguments[options.endIndex...])
    }
    return Array(arguments[options.endIndex..<index] + options + rest)
  }

  /// The command that arguments are for, as far as they name one, and how it is typed.
  static func named(
    _ arguments: [String],
    in root: any ParsableCommand.Type
  ) -> (command: any ParsableCommand.Type, name: String) {
    var command = root
    var words = [root._commandName]
    var rest = moved(arguments, in: root)[...]
    while let next = rest.first.flatMap({ subcommand($0, of: command) }) {
      command = next
      words.append(next._commandName)
      rest = rest.dropFirst()
    }
    return (command, words.joined(separator: " "))
  }

  /// The first argument that is no option of every command, or the value of one.
  static func command(of arguments: [String]) -> String? {
    var index = arguments.startIndex
    while index < arguments.endIndex, let width = width(arguments[index]) { index += width }
    return index < arguments.endIndex ? arguments[index] : nil
  }

  /// Whether a command has a subcommand of this name.
  static func isCommand(_ name: String, of command: any ParsableCommand.Type) -> Bool {
    subcommand(name, of: command) != nil
  }

  /// How many arguments an option takes; `nil` if it is not one of every command.
  private static func width(_ argument: String) -> Int? {
    if valued.contains(argument) { return 2 }
    if flags.contains(argument) { return 1 }
    let name = argument.prefix { $0 != "=" }
    return argument.contains("=") && valued.contains(String(name)) ? 1 : nil
  }

  /// The command of a command that a word names.
  static func subcommand(
    _ name: String,
    of command: any ParsableCommand.Type
  ) -> (any ParsableCommand.Type)? {
    command.configuration.subcommands.first {
      $0._commandName == name || $0.configuration.aliases.contains(name)
    }
  }
}
