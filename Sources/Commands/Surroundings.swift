package import CoreTypes
import Files
package import Repositories
import Sealing

/// What the process was started in: environment, home, clock, user.
package enum Surroundings {
  /// Version of the program.
  static let version = "0.1.0"

  /// The program and its version, as other ends and snapshots are told.
  package static let program = "kist \(version)"

  /// A variable of the environment, as it is; an empty one counts as absent.
  static func bytes(_ name: String) -> [UInt8]? {
    ProcessEnvironment.variable(Array(name.utf8)).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A variable of the environment that must be text; an empty one counts as absent.
  static func variable(_ name: String) throws -> String? {
    guard let bytes = bytes(name) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        .usage,
        "the variable \(name) is not UTF-8: \(DisplayedName.text(bytes))",
        meaning: "As text it would name something else. Nothing was done.",
        advice: "Set it to another value; a link with a plain name leads to any folder."
      )
    }
    return text
  }

  /// Cache and state folders.
  ///
  /// Sources: XDG Base Directory Specification.
  package static func folders(cacheOption: String?) throws -> ClientFolders {
    func folder(_ own: String, _ xdg: String, _ fallback: String) throws -> String {
      if let path = try variable(own) { return path }
      if let path = try variable(xdg) { return path + "/kist" }
      guard let home = try variable("HOME") else {
        throw Failure(
          .failed,
          "there is no home folder to keep the cache in",
          advice: "Set \(own) or HOME."
        )
      }
      return home + fallback + "/kist"
    }
    return ClientFolders(
      cache: try cacheOption ?? folder("KIST_CACHE_DIR", "XDG_CACHE_HOME", "/.cache"),
      state: try folder("KIST_STATE_DIR", "XDG_STATE_HOME", "/.local/state")
    )
  }

  /// The wall clock.
  package static var now: PointInTime {
    let time = SystemClock.now()
    return PointInTime(seconds: time.seconds, nanoseconds: time.nanoseconds)
  }

  /// The user's name, or number.
  package static var user: String {
    AccountNames.user(ProcessEnvironment.userID) ?? "\(ProcessEnvironment.userID)"
  }
}
