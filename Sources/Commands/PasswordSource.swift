import Files
import LMDB
import Profiles

/// Finds the password: an option's file or command, the environment, the profile, the terminal; in this order.
struct PasswordSource {
  let file: String?
  let command: String?
  /// Where the profile says that the password is.
  var profile: Profile.PasswordPlace?
  /// Bytes of a password at most.
  private static let byteLimit = 1 << 16

  /// The password without its line end.
  func read(prompt: String) throws -> [UInt8] {
    if let file { return try PasswordSource.firstLine(ofFile: Array(file.utf8)) }
    if let command { return try PasswordSource.output(of: Array(command.utf8)) }
    // A password, the path of a file and a command need not be text: they are taken as they are.
    if let password = Surroundings.bytes("KIST_PASSWORD") { return password }
    if let file = Surroundings.bytes("KIST_PASSWORD_FILE") {
      return try PasswordSource.firstLine(ofFile: file)
    }
    if let command = Surroundings.bytes("KIST_PASSWORD_COMMAND") {
      return try PasswordSource.output(of: command)
    }
    switch profile {
    case .file(let file): return try PasswordSource.firstLine(ofFile: Array(file.utf8))
    case .command(let command): return try PasswordSource.output(of: Array(command.utf8))
    case nil:
      return try PasswordSource.ask(
        prompt,
        else: "Use --password-file FILE, --password-command COMMAND, or KIST_PASSWORD_FILE."
      )
    }
  }

  /// Variables that say where the password is, the first that is set wins; two that are set are worth a remark.
  private static let variables = [
    "KIST_PASSWORD", "KIST_PASSWORD_FILE", "KIST_PASSWORD_COMMAND",
  ]

  /// Says which of several places counts, where somebody may have forgotten one; `nil` if there is but one.
  var overruling: String? {
    guard file == nil, command == nil else { return nil }
    let set = PasswordSource.variables.filter { Surroundings.bytes($0) != nil }
    guard let first = set.first else { return nil }
    if set.count > 1 {
      return "\(first) is set, and wins over \(set.dropFirst().joined(separator: " and "))"
    }
    return profile == nil ? nil : "\(first) is set, and wins over the profile's password"
  }

  /// True if a person will be asked.
  var isInteractive: Bool {
    file == nil && command == nil && profile == nil
      && PasswordSource.variables.allSatisfy { Surroundings.bytes($0) == nil }
  }

  /// Asks on the terminal, without showing what is typed; `advice` is for those who have none.
  static func ask(_ prompt: String, else advice: String) throws -> [UInt8] {
    let reply = try stoppable { try Terminal.readSecret(prompt: prompt, limit: byteLimit) }
    switch reply {
    case .line(let line):
      guard !line.isEmpty else {
        throw Failure(.wrongPassword, "an empty password opens nothing")
      }
      return line
    case .end:
      throw Failure(.failed, "no password was given", meaning: "Nothing was opened or changed.")
    case .nobody:
      throw Failure(
        .failed,
        "no password was given, and there is no terminal to ask on",
        meaning: ForeignEnvironment.remark(
          on: ForeignEnvironment.passwords,
          for: "KIST_PASSWORD_FILE"
        ),
        advice: advice
      )
    }
  }

  private static func firstLine(ofFile path: [UInt8]) throws -> [UInt8] {
    let shown = DisplayedName.text(path)
    do {
      let bytes = try stoppable {
        // A pipe without a writer would keep an ordinary open waiting, deaf to a stop.
        let file = try OpenFile.openAtOnce(path: path)
        // What comes out of a pipe comes once.
        if try file.status().kind != .regular { CacheFaults.forbidRerun() }
        return try file.readAllStoppably(limit: byteLimit)
      }
      return try trimmed(bytes, from: shown)
    } catch let error as FilesError {
      throw Failure(
        .failed,
        error.isTooMuch
          ? "the password file \(shown) has more than \(Quantities.bytes(byteLimit))"
          : "cannot read the password file \(shown): \(error.reason)",
        advice: "Check --password-file, KIST_PASSWORD_FILE, or password-file in the profile."
      )
    }
  }

  private static func output(of command: [UInt8]) throws -> [UInt8] {
    let output: (bytes: [UInt8], status: Int32)
    do {
      output = try stoppable { try ShellCommand.output(of: command, limit: byteLimit) }
    } catch let error as FilesError {
      throw Failure(
        .failed,
        error.isTooMuch
          ? "the password command wrote more than \(Quantities.bytes(byteLimit))"
          : "the password command cannot be run: \(error.reason)",
        meaning: "Nothing was opened or changed.",
        advice:
          "It is to print the password and end. Run it by hand: \(DisplayedName.text(command))"
      )
    }
    guard output.status == 0 else {
      throw Failure(
        .failed,
        "the password command failed with status \(output.status)",
        advice: "Run it by hand: \(DisplayedName.text(command))"
      )
    }
    return try trimmed(output.bytes, from: "the password command")
  }

  /// Runs `body`; a stop in it becomes a failure that says so.
  private static func stoppable<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as FilesError where error.isInterrupted {
      throw Failure(.interrupted, "stopped as asked", meaning: "Nothing was opened or changed.")
    }
  }

  private static func trimmed(_ bytes: [UInt8], from source: String) throws -> [UInt8] {
    let line = bytes.prefix { $0 != 10 && $0 != 13 }
    guard !line.isEmpty else { throw Failure(.wrongPassword, "\(source) gives an empty password") }
    return Array(line)
  }
}
