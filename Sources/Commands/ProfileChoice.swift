import Files
import Profiles

/// Finds the profile that was asked for.
struct ProfileChoice {
  /// From the command line; `nil` leaves it to the environment.
  let name: String?
  /// The file, from the command line; `nil` leaves it to the environment.
  let file: String?

  /// Bytes that are read at most; the profiles' own limit is lower.
  private static let byteLimit = 1 << 20

  /// The profile; `nil` if none was asked for.
  func profile() throws -> Profile? {
    guard let name = try name ?? Surroundings.variable("KIST_PROFILE") else {
      guard file == nil else {
        throw Failure(.usage, "--config needs --profile: a file has several profiles")
      }
      return nil
    }
    let path = try path()
    let bytes = try ProfileChoice.read(path, for: name)
    let home = try Surroundings.variable("HOME")
    do {
      return try ProfileFile(bytes, home: home).profile(name)
    } catch {
      throw Explanation.failure(from: error, in: path, holding: bytes)
    }
  }

  /// Every profile of the file that the environment names; none if there is no file.
  static func all() throws -> [Profile] {
    let path = try ProfileChoice(name: nil, file: nil).path()
    guard let bytes = try readIfThere(path) else { return [] }
    let home = try Surroundings.variable("HOME")
    do {
      return try ProfileFile(bytes, home: home).profiles
    } catch {
      throw Explanation.failure(from: error, in: path, holding: bytes)
    }
  }

  /// Sources: XDG Base Directory Specification.
  private func path() throws -> String {
    if let path = try file ?? Surroundings.variable("KIST_CONFIG") { return path }
    if let folder = try Surroundings.variable("XDG_CONFIG_HOME") {
      return folder + "/kist/config.toml"
    }
    guard let home = try Surroundings.variable("HOME") else {
      throw Failure(
        .failed,
        "there is no home folder to look for profiles in",
        advice: "Set HOME or KIST_CONFIG, or use --config FILE."
      )
    }
    return home + "/.config/kist/config.toml"
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let shown = DisplayedName.text(path)
    let file = try OpenFile.openAtOnce(path: path)
    let status = try file.status()
    guard status.kind == .regular else {
      throw Failure(.failed, "\(shown) is not a file", meaning: "Nothing was done.")
    }
    try refuseForeign(status, shown)
    return try file.readAll(limit: byteLimit)
  }

  private static func readIfThere(_ path: String) throws -> [UInt8]? {
    do {
      return try read(path)
    } catch let error as FilesError where error.isNotFound {
      return nil
    } catch let error as FilesError {
      throw Failure(
        .failed,
        "cannot read the profiles in \(DisplayedName.text(path)): \(error.reason)",
        meaning: "Nothing was done."
      )
    }
  }

  private static func read(_ path: String, for name: String) throws -> [UInt8] {
    let shown = DisplayedName.text(path)
    do {
      return try read(path)
    } catch let error as FilesError {
      throw Failure(
        .failed,
        "cannot read the profiles in \(shown): \(error.reason)",
        advice: "Write profile \(DisplayedName.text(name)) there (Docs/GUIDE.md shows "
          + "how), or name another file with --config or KIST_CONFIG."
      )
    }
  }

  /// A profile names commands to run and files to read: whoever can write it can act as this user.
  private static func refuseForeign(_ status: FileStatus, _ shown: String) throws {
    let user = ProcessEnvironment.userID
    guard status.uid == user || status.uid == 0 else {
      throw Failure(
        .refusedForSafety,
        "\(shown) belongs to another user",
        meaning: "Whoever owns it could have commands run in your name. Nothing was done.",
        advice: "Make it yours, or name another file with --config or KIST_CONFIG."
      )
    }
    guard status.mode & 0o022 == 0 else {
      throw Failure(
        .refusedForSafety,
        "others may write \(shown)",
        meaning: "They could have commands run in your name. Nothing was done.",
        advice: "chmod go-w \(shown)"
      )
    }
  }
}
