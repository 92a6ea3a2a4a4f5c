import ArgumentParser
import CoreTypes
import Files
import Repositories
import Sealing
import Sodium
import Storage

/// Options that every command on a repository has.
struct RepositoryOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("repo")],
    help: ArgumentHelp(
      "The repository's folder (default: $KIST_REPOSITORY).",
      valueName: "folder"
    )
  )
  var repository: String?

  @Option(
    help: ArgumentHelp(
      "Read the password from the first line of a file (default: $KIST_PASSWORD_FILE).",
      valueName: "file"
    )
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

  @Option(
    help: ArgumentHelp(
      "Folder for index, catalog and scan cache (default: $KIST_CACHE_DIR, else ~/.cache/kist).",
      valueName: "folder"
    )
  )
  var cacheDir: String?

  @Flag(name: .long, help: "Write JSON: one object a line, or an array for lists.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say only what is wrong.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false

  var console: Console {
    Console(verbosity: quiet ? .quiet : verbose ? .verbose : .normal, isJSON: json)
  }

  /// The repository's path.
  func location() throws -> String {
    guard let path = repository ?? Surroundings.variable("KIST_REPOSITORY"), !path.isEmpty else {
      throw Failure(
        .noRepository,
        "no repository was named",
        advice: "Use --repo FOLDER, or set KIST_REPOSITORY."
      )
    }
    return path
  }

  /// Where the client keeps what it knows.
  func folders() throws -> ClientFolders {
    try Surroundings.folders(cacheOption: cacheDir)
  }

  /// The store at the repository's path.
  func store() throws -> DirectoryStore {
    try DirectoryStore(path: try location())
  }

  /// Opens the secrets.
  func unlock() throws -> UnlockedRepository {
    let store = try store()
    return try UnlockedRepository(store: store, secret: try secret(prompt: "password: "))
  }

  /// Opens everything.
  func open() throws -> OpenRepository {
    let repository = try unlock().open(folders: try folders())
    for finding in repository.openFindings {
      console.warn("warning: " + Explanation.text(finding))
    }
    return repository
  }

  /// The secret that opens a slot, from the first place that has one.
  func secret(prompt: String) throws -> SlotSecret {
    let text = try passwordText(prompt: recoveryKey ? "recovery key: " : prompt)
    if recoveryKey {
      return .recoveryKey(
        try RecoveryKey(text: String(decoding: text, as: UTF8.self)).secret
      )
    }
    return .passphrase(SecretBytes(copying: text), .least)
  }

  /// The password's bytes.
  func passwordText(prompt: String) throws -> [UInt8] {
    try PasswordSource(file: passwordFile, command: passwordCommand).read(prompt: prompt)
  }
}
