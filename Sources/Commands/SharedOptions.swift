import ArgumentParser

/// The options that say how a repository is opened; `RepositoryOptions` reads them.
struct SharedOptions: ParsableArguments {
  @Option(
    name: [.customShort("p"), .long],
    help: ArgumentHelp(
      "Read the password from the first line of a file (default: $KIST_PASSWORD_FILE).",
      valueName: "file"
    ),
    completion: .file()
  )
  var passwordFile: String?

  @Option(
    help: ArgumentHelp(
      "Read the password from what a command prints (default: $KIST_PASSWORD_COMMAND).",
      valueName: "command"
    )
  )
  var passwordCommand: String?

  @Flag(help: "Ask for a recovery key instead of a password, or read one from the same places.")
  var recoveryKey = false
}

/// The options that say where a repository is, and how a command speaks.
struct PlaceOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("repo")],
    help: ArgumentHelp(
      """
      The repository: a folder, ssh://[user@]host[:port]/folder, or pipe:COMMAND (default: \
      $KIST_REPOSITORY).
      """,
      valueName: "repository"
    ),
    completion: .directory
  )
  var repository: String?

  @Option(
    help: ArgumentHelp("The program to run on an ssh host.", valueName: "program")
  )
  var remoteProgram = "kist"

  @Option(
    name: [.customShort("P"), .long],
    help: ArgumentHelp(
      """
      Take repository, password, paths and more from this profile of the file (default: \
      $KIST_PROFILE). Options and environment win over it.
      """,
      valueName: "name"
    )
  )
  var profile: String?

  @Option(
    help: ArgumentHelp(
      "The file with the profiles (default: $KIST_CONFIG, else ~/.config/kist/config.toml).",
      valueName: "file"
    ),
    completion: .file(extensions: ["toml"])
  )
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Folder for index, catalog and scan cache (default: $KIST_CACHE_DIR, else ~/.cache/kist).",
      valueName: "folder"
    ),
    completion: .directory
  )
  var cacheDir: String?

  @Flag(name: .long, help: "Write JSON: one object a line, or an array for lists.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say only what is wrong.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false
}
