import Foundation
import Testing

/// A new repository in memory: `kist init` takes longer than most of what is tested, and always makes the same.
struct RepositoryImage: Sendable {
  /// How it can be opened.
  enum Key: Sendable {
    /// By the password alone, as after `kist init`.
    case password
    /// By a recovery key too, without Argon2id: that takes more time than all the rest of a short command.
    case recovery
  }

  private let folders: [String]
  private let files: [String: Data]
  /// The recovery key, if there is one.
  let recoveryKey: String?

  private static let withPassword = Result { try RepositoryImage(.password) }
  private static let withKey = Result { try RepositoryImage(.recovery) }

  /// The image for a key, made once.
  static func of(_ key: Key) throws -> RepositoryImage {
    switch key {
    case .password: try withPassword.get()
    case .recovery: try withKey.get()
    }
  }

  private init(_ key: Key) throws {
    let place = try Place()
    let made = try place.kist("init", "--quiet")
    try #require(made.status == 0, "\(made)")
    switch key {
    case .password: recoveryKey = nil
    case .recovery:
      let added = try place.kist("key", "add", "--recovery", "--json")
      recoveryKey = try JSON.text(JSON.lines(added.output)[0], "recovery_key")
    }
    var (folders, files): ([String], [String: Data]) = ([], [:])
    let top = URL(fileURLWithPath: place.repository)
    for name in try FileManager.default.subpathsOfDirectory(atPath: top.path) {
      let path = top.appendingPathComponent(name)
      if try path.resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false {
        folders.append(name)
      } else {
        files[name] = try Data(contentsOf: path)
      }
    }
    // Those above come first.
    self.folders = folders.sorted()
    self.files = files
  }

  /// Writes it into a folder that is not there yet.
  func write(to folder: String) throws {
    let manager = FileManager.default
    for name in [""] + folders {
      try manager.createDirectory(
        atPath: folder + "/" + name,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    }
    for (name, bytes) in files {
      let isMade = manager.createFile(
        atPath: folder + "/" + name,
        contents: bytes,
        attributes: [.posixPermissions: 0o600]
      )
      // No room, perhaps.
      try #require(isMade, "\(name)")
    }
  }
}

extension Place {
  /// Where the recovery key is that opens the repository; not there where the password does it.
  private var recoveryKey: String { path("recovery-key") }

  /// Commands that open the repository, and take the options that say how.
  private static let opening: Set<String> = [
    "backup", "snapshots", "ls", "find", "history", "diff", "stats", "restore", "dump", "tag",
    "check",
  ]

  /// Makes the repository.
  func initialize(key: RepositoryImage.Key = .password) throws {
    let image = try RepositoryImage.of(key)
    try image.write(to: repository)
    if let text = image.recoveryKey { try write(Array((text + "\n").utf8), to: "recovery-key") }
  }

  /// The arguments of a command, with those that open the repository by its recovery key, where there is one.
  ///
  /// Whoever says how to open it, or that it is another one, is left alone.
  func opening(_ arguments: [String], changing changes: [String: String] = [:]) -> [String] {
    let options = [
      "-r", "--repo", "--password", "-p", "--without-key", "-P", "--profile", "--help",
    ]
    let isPlain = !arguments.contains { argument in options.contains { argument.hasPrefix($0) } }
    guard let command = arguments.first, Place.opening.contains(command), isPlain,
      !changes.keys.contains(where: { $0.hasPrefix("KIST_PASSWORD") }),
      changes["KIST_REPOSITORY"] == nil,
      FileManager.default.fileExists(atPath: recoveryKey)
    else { return arguments }
    return ["--recovery-key", "--password-file", recoveryKey] + arguments
  }
}
