/// Answers a command that there is not; people come with words of other programs.
enum UnknownCommand {
  /// Why the command line names no command; `nil` if it does.
  static func failure(_ arguments: [String]) -> Failure? {
    guard let name = LeadingOptions.command(of: arguments), !name.hasPrefix("-"), name != "help",
      !LeadingOptions.isCommand(name, of: Kist.self)
    else { return nil }
    return Failure(
      .usage,
      "there is no command \(DisplayedName.text(Array(name.utf8)))",
      advice: advice[name] ?? general
    )
  }

  private static let general = "`kist --help` lists the commands."
  private static let removal = "Removing snapshots does not exist yet: everything is kept."

  private static let advice = [
    "forget": removal, "prune": removal, "remove": removal, "delete": removal, "compact": removal,
    "copy": "A second copy is made by `kist mirror push`.",
    "mount":
      "Mounting does not exist yet; `kist ls`, `kist dump` and `kist restore` show and fetch files.",
    "unlock": "Nothing stays locked: a lock ends with the process that holds it.",
    "cat": "`kist inspect` shows what is stored; `kist dump` prints a file.",
    "verify": "`kist check --read-data` does that.",
    "list": "`kist snapshots` lists snapshots, `kist ls` what is in one.",
    "log": "`kist snapshots` lists snapshots, `kist history` the versions of a path.",
    "create": "`kist backup` makes a snapshot, `kist init` a repository.",
    "extract": "`kist restore` does that.", "version": "`kist --version` prints it.",
    "sync": "`kist mirror sync` does that.",
  ]
}
