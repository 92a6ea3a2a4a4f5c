import ArgumentParser
import Files
import Patterns
import Profiles
import Scanning

/// Options that leave things out of a backup.
struct RuleOptions: ParsableArguments {
  @Option(
    name: [.customShort("e"), .long],
    help: ArgumentHelp(
      "Leave out what matches, and what is below it; may be given more than once.",
      valueName: "pattern"
    )
  )
  var exclude: [String] = []

  @Option(
    help: ArgumentHelp("The same, whatever the case of letters.", valueName: "pattern")
  )
  var iexclude: [String] = []

  @Option(
    help: ArgumentHelp("Read patterns from a file, one a line.", valueName: "file"),
    completion: .file()
  )
  var excludeFile: [String] = []

  @Option(
    help: ArgumentHelp("The same, whatever the case of letters.", valueName: "file"),
    completion: .file()
  )
  var iexcludeFile: [String] = []

  @Flag(help: "Leave out the content of folders that a CACHEDIR.TAG marks as caches.")
  var excludeCaches = false

  @Option(
    help: ArgumentHelp(
      "Leave out what else is in a folder that has a file of this name (and beginning).",
      valueName: "name[:header]"
    )
  )
  var excludeIfPresent: [String] = []

  @Option(
    help: ArgumentHelp("Leave out files larger than this, such as 500M.", valueName: "size")
  )
  var excludeLargerThan: String?

  @Flag(
    name: [.customShort("x"), .long],
    help: "Stay on the file systems of the folders named; mount points are kept, empty."
  )
  var oneFileSystem = false

  @Flag(help: "Leave out what .gitignore files in the folders name.")
  var gitIgnore = false

  /// Bytes of an exclude file at most: 16 MiB.
  private static let fileByteLimit = 16 << 20

  /// The same with the profile's rules, which stand before those of the command line.
  ///
  /// So `--exclude '!…'` takes back what the profile leaves out.
  func completed(by profile: Profile?) throws -> RuleOptions {
    guard let profile else { return self }
    for pattern in profile.excludes {
      let name = DisplayedName.text(profile.name)
      _ = try RuleOptions.explained("excludes of profile \(name)") { () throws(PatternError) in
        try PathPattern(Array(pattern.utf8))
      }
    }
    var completed = self
    completed.exclude = profile.excludes + exclude
    completed.excludeFile = profile.excludeFiles + excludeFile
    completed.excludeIfPresent = profile.excludeIfPresent + excludeIfPresent
    completed.excludeCaches = excludeCaches || profile.excludesCaches
    completed.excludeLargerThan = excludeLargerThan ?? profile.excludeLargerThan
    completed.oneFileSystem = oneFileSystem || profile.oneFileSystem
    return completed
  }

  /// The rules that the options are.
  func rules() throws -> SourceRules {
    var rules = SourceRules()
    rules.excludes = try list(exclude, excludeFile, .exact, "--exclude")
    rules.foldedExcludes = try list(iexclude, iexcludeFile, .folded, "--iexclude")
    rules.markers = try excludeIfPresent.map(RuleOptions.marker)
    if excludeCaches { rules.markers.append(.cache) }
    if let excludeLargerThan {
      guard let limit = ByteQuantity.parse(excludeLargerThan) else {
        throw Failure(
          .usage,
          "--exclude-larger-than takes a size such as 4096, 500M or 2G, not \(DisplayedName.text(excludeLargerThan))"
        )
      }
      rules.sizeLimit = UInt64(limit)
    }
    rules.mounts = oneFileSystem ? .one : .all
    rules.ignoreFiles = gitIgnore ? .git : .none
    return rules
  }

  private static func marker(_ text: String) throws -> FolderMarker {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = Array((parts.first ?? "").utf8)
    guard !name.isEmpty, !name.contains(UInt8(ascii: "/")) else {
      throw Failure(.usage, "--exclude-if-present takes a file's name, not \(text)")
    }
    return FolderMarker(name: name, header: parts.count > 1 ? Array(parts[1].utf8) : [])
  }

  private func list(
    _ patterns: [String],
    _ files: [String],
    _ letterCase: LetterCase,
    _ option: String
  ) throws -> PatternList {
    var list = try patterns.filter { !$0.isEmpty }.map { text in
      try RuleOptions.explained(option) { () throws(PatternError) in
        try PathPattern(Array(text.utf8), letterCase: letterCase)
      }
    }
    for file in files {
      let bytes = try ListFile.read(
        file,
        limit: RuleOptions.fileByteLimit,
        option: option + "-file"
      )
      list += try RuleOptions.explained("the file \(DisplayedName.text(file))") {
        () throws(PatternError) in
        var read: [PathPattern] = []
        let lines = try PatternFile.patterns(in: bytes) { name in
          ProcessEnvironment.variable(name)
        }
        for line in lines where !line.isEmpty {
          read.append(try PathPattern(line, letterCase: letterCase))
        }
        return read
      }
    }
    guard list.count <= PatternLimits.patternCount else {
      throw Failure(.usage, "more than \(PatternLimits.patternCount) patterns")
    }
    return PatternList(list)
  }

  /// Says where a pattern that cannot be used stands.
  static func explained<Result>(
    _ place: String,
    _ body: () throws(PatternError) -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      throw Explanation.failure(from: error, in: place)
    }
  }
}
