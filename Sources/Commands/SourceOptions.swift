import ArgumentParser
import Backups
import Files
import Patterns
import Profiles
import Scanning

/// Options that say what is backed up.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read paths from a file, one a line; * ? and [] stand for what is there; - is standard input.",
      valueName: "file"
    )
  )
  var filesFrom: [String] = []

  @Option(
    help: ArgumentHelp("Read paths from a file, one a line, each as it is.", valueName: "file")
  )
  var filesFromVerbatim: [String] = []

  @Option(
    name: [.customLong("files-from0"), .customLong("files-from-raw")],
    help: ArgumentHelp(
      "Read paths that end with a zero byte, as find -print0 writes them.",
      valueName: "file"
    )
  )
  var filesFrom0: [String] = []

  @Flag(help: "Back up what comes from standard input.")
  var stdin = false

  @Option(
    help: ArgumentHelp("The path that it gets in the snapshot (default: stdin).", valueName: "path")
  )
  var stdinFilename: String?

  @Flag(help: "Back up what the command behind -- writes; it must end with status 0.")
  var stdinFromCommand = false

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp(
      "The path that the only folder or file gets in the snapshot.",
      valueName: "path"
    )
  )
  var name: String?

  @Argument(
    help: "Folders and files (default: those of the profile), or the command.",
    completion: .file()
  )
  var paths: [String] = []

  /// Bytes of a list of paths at most: 256 MiB.
  private static let listByteLimit = 256 << 20

  /// What was asked for.
  struct Source {
    let roots: BackupRoots
    let stream: BackupStream?
    /// Patterns that stand for nothing.
    let unmatched: [[UInt8]]
  }

  func validate() throws {
    let lists = filesFrom + filesFromVerbatim + filesFrom0
    let isStream = stdin || stdinFromCommand
    if stdin, stdinFromCommand { throw ValidationError("--stdin or --stdin-from-command") }
    if isStream, !lists.isEmpty {
      throw ValidationError("--stdin and --stdin-from-command take no list of paths")
    }
    if stdin, !paths.isEmpty { throw ValidationError("--stdin takes no paths") }
    if stdinFromCommand, paths.isEmpty {
      throw ValidationError("--stdin-from-command needs a command: -- COMMAND ARGUMENTS")
    }
    if stdinFilename != nil, !isStream {
      throw ValidationError("--stdin-filename needs --stdin or --stdin-from-command")
    }
    if stdinFilename != nil, name != nil { throw ValidationError("--stdin-filename or --as") }
    if lists.filter({ $0 == "-" }).count > 1 {
      throw ValidationError("standard input can be read once")
    }
    if paths.contains("") { throw ValidationError("an empty path names nothing") }
  }

  /// The same with the profile's paths, if the command line says nothing of what is backed up.
  func completed(by profile: Profile?) throws -> SourceOptions {
    let lists = filesFrom + filesFromVerbatim + filesFrom0
    guard paths.isEmpty, lists.isEmpty, !stdin, !stdinFromCommand else { return self }
    var completed = self
    completed.paths = profile?.paths ?? []
    guard completed.paths.isEmpty else { return completed }
    throw Failure(
      .usage,
      "no folder was named",
      meaning: "Nothing was backed up.",
      advice: profile.map {
        "Name one, or give profile \(DisplayedName.text($0.name)) its paths."
      }
        ?? "Name one: `kist backup FOLDER`; or use a profile that does: `kist -P NAME backup`. "
        + "(`kist snapshots` lists what was made.)"
    )
  }

  /// Finds the paths, or starts the command.
  func source() throws -> Source {
    if stdin || stdinFromCommand { return try streamed() }
    let here = try ProcessEnvironment.workingFolder()
    var unmatched: [[UInt8]] = []
    var found = paths.map { RootPath.cleaned(Array($0.utf8), workingFolder: here) }
    for file in filesFrom {
      for line in PatternFile.entries(in: try SourceOptions.list(file, "--files-from")) {
        let pattern = RootPath.cleaned(line, workingFolder: here)
        let matches = try RuleOptions.explained("the list \(file)") { () throws(PatternError) in
          try PathExpansion.paths(matching: pattern)
        }
        if matches.isEmpty { unmatched.append(line) }
        found += matches
      }
    }
    for file in filesFromVerbatim {
      for line in PatternFile.lines(in: try SourceOptions.list(file, "--files-from-verbatim"))
      where !line.isEmpty {
        found.append(RootPath.cleaned(Array(line), workingFolder: here))
      }
    }
    for file in filesFrom0 {
      var parts = try SourceOptions.list(file, "--files-from0").split(
        separator: 0,
        omittingEmptySubsequences: false
      )
      if parts.last?.isEmpty == true { parts.removeLast() }
      guard parts.allSatisfy({ !$0.isEmpty }) else {
        throw Failure(
          .failed,
          "the list \(file) has an empty path",
          meaning: "Nothing was backed up."
        )
      }
      found += parts.map { RootPath.cleaned(Array($0), workingFolder: here) }
    }
    // The system would take such a path to end at the zero.
    guard !found.contains(where: { $0.contains(0) }) else {
      throw Failure(
        .failed,
        "a list has a path with a zero byte in it",
        meaning: "Nothing was backed up.",
        advice: "Paths that end with a zero byte are read with --files-from0."
      )
    }
    guard !found.isEmpty else {
      throw Failure(.failed, "the lists name no path", meaning: "Nothing was backed up.")
    }
    return Source(roots: try roots(found), stream: nil, unmatched: unmatched)
  }

  private func roots(_ paths: [[UInt8]]) throws -> BackupRoots {
    guard let name else { return BackupRoots(paths) }
    let given = SourceOptions.snapshotPath(name)
    let roots = BackupRoots(paths, as: given)
    guard roots.roots.count == 1, roots.selection == nil else {
      throw Failure(.usage, "--as names one folder or file, not \(paths.count)")
    }
    return roots
  }

  private func streamed() throws -> Source {
    let given = SourceOptions.snapshotPath(stdinFilename ?? name ?? "stdin")
    guard given.count > 1 else { throw Failure(.usage, "/ is no path for a file") }
    let stream: BackupStream
    if stdinFromCommand {
      do {
        let command = try ChildProcess(paths)
        stream = BackupStream(command.output, from: command)
      } catch {
        throw Failure(
          .failed,
          "cannot start \(paths[0]): \(error.reason)",
          meaning: "Nothing was backed up."
        )
      }
    } else {
      stream = BackupStream(try OpenFile.standardInput())
    }
    return Source(roots: BackupRoots([given]), stream: stream, unmatched: [])
  }

  /// A path in the snapshot: absolute and clean, whatever the working folder.
  private static func snapshotPath(_ text: String) -> [UInt8] {
    RootPath.cleaned(Array(text.utf8), workingFolder: [UInt8(ascii: "/")])
  }

  private static func list(_ file: String, _ option: String) throws -> [UInt8] {
    try ListFile.read(file, limit: listByteLimit, option: option)
  }
}
