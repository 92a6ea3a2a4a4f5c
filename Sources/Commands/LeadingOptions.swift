import ArgumentParser

/// Lets the options of every command stand before the command's name too: `kist -P laptop backup`, `kist key -r X list`.
///
/// The parser knows options of a command only behind its name, so they are put there.
enum LeadingOptions {
  /// Options that are followed by a value; `HabitTests` compares them with those that help names.
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
    let arguments = withPlainVerbosity(arguments)
    var index = arguments.startIndex
    var command = root
    var names: [String] = []
    var options: [String] = []
    while index < arguments.endIndex, !command.configuration.subcommands.isEmpty {
      if let width = width(arguments[index]) {
        let end = min(index + width, arguments.endIndex)
        options += width == 1 ? split(arguments[index]) : Array(arguments[index..<end])
        index = end
      } else if let next = subcommand(arguments[index], of: command) {
        command = next
        names.append(arguments[index])
        index += 1
      } else {
        break
      }
    }
    let rest = arguments[index...]
    guard command.configuration.subcommands.isEmpty else { return names + rest }
    return names + options + rest
  }

  /// restic counts how often -v stands there; here once is all: `-vv` and `--verbose=2` are `--verbose`.
  private static func withPlainVerbosity(_ arguments: [String]) -> [String] {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    return arguments[..<end].map { isVerbosity($0) ? "--verbose" : $0 } + arguments[end...]
  }

  private static func isVerbosity(_ argument: String) -> Bool {
    if argument.utf8.count > 2, argument.hasPrefix("-v"),
      argument.dropFirst().allSatisfy({ $0 == "v" })
    {
      return true
    }
    for start in ["--verbose=", "-v="] where argument.hasPrefix(start) {
      return ["1", "2", "3"].contains(argument.dropFirst(start.count))
    }
    return false
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
    let arguments = withPlainVerbosity(arguments)
    var index = arguments.startIndex
    while index < arguments.endIndex, let width = width(arguments[index]) { index += width }
    return index < arguments.endIndex ? arguments[index] : nil
  }

  /// The option before any command that lacks its value; `nil` if there is none.
  static func withoutValue(_ arguments: [String]) -> String? {
    var index = arguments.startIndex
    while index < arguments.endIndex, let width = width(arguments[index]) {
      if index + width > arguments.endIndex { return arguments[index] }
      index += width
    }
    return nil
  }

  /// An option that ends with its equals sign; `nil` if there is none.
  ///
  /// The parser takes the next argument for its value, so that `--tag= FOLDER` would name no folder.
  static func withEmptyValue(_ arguments: [String]) -> String? {
    arguments.prefix { $0 != "--" }
      .first { $0.hasPrefix("-") && $0.hasSuffix("=") && $0.count { $0 == "=" } == 1 }
      .map { String($0.dropLast()) }
  }

  /// Whether a command has a subcommand of this name.
  static func isCommand(_ name: String, of command: any ParsableCommand.Type) -> Bool {
    subcommand(name, of: command) != nil
  }

  /// How many arguments an option takes; `nil` if it is not one of every command.
  private static func width(_ argument: String) -> Int? {
    if valued.contains(argument) { return 2 }
    if flags.contains(argument) { return 1 }
    if let equals = argument.firstIndex(of: "=") {
      return valued.contains(String(argument[..<equals])) ? 1 : nil
    }
    // As in `-r/mnt/disk`.
    let short = String(argument.prefix(2))
    return argument.utf8.count > 2 && !short.hasPrefix("--") && valued.contains(short) ? 1 : nil
  }

  /// `-r/mnt/disk` as two words, which is how the parser takes it.
  private static func split(_ argument: String) -> [String] {
    let short = String(argument.prefix(2))
    guard argument.utf8.count > 2, valued.contains(short) else { return [argument] }
    return [short, String(argument.dropFirst(2))]
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
