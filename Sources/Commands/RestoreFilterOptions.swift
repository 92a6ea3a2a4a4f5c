import ArgumentParser
import Backups
import Files
import Patterns

/// Which entries of a snapshot a command is about, as restic's options say it.
struct RestoreFilterOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Restore only what matches, and what is below it; may be given more than once.",
      valueName: "pattern"
    )
  )
  var include: [String] = []

  @Option(help: ArgumentHelp("The same, whatever the case of letters.", valueName: "pattern"))
  var iinclude: [String] = []

  @Option(help: ArgumentHelp("Read such patterns from a file, one a line.", valueName: "file"))
  var includeFile: [String] = []

  @Option(help: ArgumentHelp("The same, whatever the case of letters.", valueName: "file"))
  var iincludeFile: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Leave out what matches, and what is below it; may be given more than once.",
      valueName: "pattern"
    )
  )
  var exclude: [String] = []

  @Option(help: ArgumentHelp("The same, whatever the case of letters.", valueName: "pattern"))
  var iexclude: [String] = []

  @Option(help: ArgumentHelp("Read such patterns from a file, one a line.", valueName: "file"))
  var excludeFile: [String] = []

  @Option(help: ArgumentHelp("The same, whatever the case of letters.", valueName: "file"))
  var iexcludeFile: [String] = []

  /// Longest file of patterns: 16 MiB.
  private static let fileByteLimit = 16 << 20

  var includes: Bool {
    !(include.isEmpty && iinclude.isEmpty && includeFile.isEmpty && iincludeFile.isEmpty)
  }

  private var excludes: Bool {
    !(exclude.isEmpty && iexclude.isEmpty && excludeFile.isEmpty && iexcludeFile.isEmpty)
  }

  /// True if no patterns are given.
  var isEmpty: Bool { !includes && !excludes }

  func validate() throws {
    if includes, excludes {
      throw ValidationError("patterns that include and patterns that exclude cannot be mixed")
    }
  }

  /// The filter; `nil` if everything is wanted.
  func filter() throws -> RestoreFilter? {
    if isEmpty { return nil }
    let sense: RestoreFilter.Sense = includes ? .include : .exclude
    let exact = try list(include + exclude, includeFile + excludeFile, .exact)
    let folded = try list(iinclude + iexclude, iincludeFile + iexcludeFile, .folded)
    return RestoreFilter(sense, [exact, folded])
  }

  private func list(
    _ texts: [String],
    _ files: [String],
    _ letterCase: LetterCase
  ) throws -> PatternList {
    var patterns: [PathPattern] = []
    for text in texts {
      patterns.append(try pattern(Array(text.utf8), letterCase, file: nil))
    }
    for file in files {
      for line in try lines(of: file) {
        patterns.append(try pattern(line, letterCase, file: file))
      }
    }
    return PatternList(patterns)
  }

  private func pattern(
    _ text: [UInt8],
    _ letterCase: LetterCase,
    file: String?
  ) throws -> PathPattern {
    do {
      return try PathPattern(text, letterCase: letterCase)
    } catch {
      throw failure(error, file)
    }
  }

  /// What is wrong with a pattern, and where it stands.
  private func failure(_ error: PatternError, _ file: String?) -> Failure {
    let option = includes ? "--include" : "--exclude"
    return Explanation.failure(
      from: error,
      in: file.map { "the file \(DisplayedName.text($0))" } ?? option,
      meaning: "Nothing was restored."
    )
  }

  private func lines(of file: String) throws -> [[UInt8]] {
    let bytes = try ListFile.read(
      file,
      limit: RestoreFilterOptions.fileByteLimit,
      option: includes ? "--include-file" : "--exclude-file",
      meaning: "Nothing was restored."
    )
    do {
      return try PatternFile.patterns(in: bytes) { name in
        ProcessEnvironment.variable(name)
      }
    } catch {
      throw failure(error, file)
    }
  }
}
