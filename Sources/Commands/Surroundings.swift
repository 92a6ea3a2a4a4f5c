package import CoreTypes
import Files
package import Repositories
import Sealing

/// What the process was started in: environment, home, clock, user.
package enum Surroundings {
  /// Version of the program.
  package static let version = "0.1.0"

  /// A variable of the environment; an empty one counts as absent.
  static func variable(_ name: String) -> String? {
    ProcessEnvironment.variable(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Cache and state folders.
  ///
  /// Sources: XDG Base Directory Specification.
  package static func folders(cacheOption: String?) throws -> ClientFolders {
    func folder(_ own: String, _ xdg: String, _ fallback: String) throws -> String {
      if let path = variable(own) { return path }
      if let path = variable(xdg) { return path + "/kist" }
      guard let home = variable("HOME") else {
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
