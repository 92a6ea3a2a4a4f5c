package import ArgumentParser
import Files
import LMDB
import Sodium

/// The program.
package struct Kist: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kist",
    abstract: "Encrypted, deduplicated snapshots of folders.",
    discussion: HelpText.overview,
    version: Surroundings.version,
    subcommands: [
      InitCommand.self, BackupCommand.self, SnapshotsCommand.self, ListCommand.self,
      FindCommand.self, HistoryCommand.self, DiffCommand.self, StatsCommand.self,
      RestoreCommand.self, DumpCommand.self, TagCommand.self, CheckCommand.self,
      KeyCommand.self, MirrorCommand.self, ServeCommand.self, InspectCommand.self,
      CompletionCommand.self,
    ]
  )

  package init() {}

  /// Runs the command line of this process and ends the process.
  package static func start() -> Never {
    StandardStreams.holdPlaces()
    let arguments = Array(CommandLine.arguments.dropFirst())
    let asJSON = arguments.contains("--json")
    if let strange = ProcessEnvironment.argumentsThatAreNoText.first {
      Ending.end(noText(strange), asJSON: asJSON)
    }
    // Before the parser is asked: of a command that there is not, it would show the help of all.
    if let failure = UnknownCommand.failure(arguments) { Ending.end(failure, asJSON: asJSON) }
    var command: any ParsableCommand
    do {
      command = try parseAsRoot(LeadingOptions.moved(arguments, in: Kist.self))
    } catch {
      Ending.end(answer(to: error, arguments), asJSON: asJSON)
    }
    do {
      try ProcessEnvironment.raiseFileLimit()
      try Sodium.start()
      InterruptFlag.install(lastWords: Explanation.text(of: unheededStop, asJSON: asJSON))
      try CacheFaults.install(Explanation.cacheMessages(asJSON: asJSON))
      do {
        try command.run()
      } catch {
        // Whatever went wrong: with a cache that turned out to be damaged it may go right.
        if !InterruptFlag.isRaised { CacheFaults.answerForMarkedCache() }
        throw error
      }
      Ending.end(nil, asJSON: asJSON)
    } catch {
      Ending.end(help(error) ?? error, of: command, asJSON: asJSON)
    }
  }

  /// Prints the help that `error` asks for; what went wrong with that, or `nil` if it is no such wish.
  private static func help(_ error: any Error) -> (any Error)? {
    let text = fullMessage(for: error)
    guard exitCode(for: error) == .success, !text.isEmpty else { return nil }
    do {
      let output = ResultOutput()
      try output.line(text)
      try output.flush()
      return ExitCode.success
    } catch {
      return error
    }
  }

  /// What a command line that cannot be run comes to.
  private static func answer(to error: any Error, _ arguments: [String]) -> any Error {
    if let done = help(error) { return done }
    return UsageFailure.failure(error, arguments)
  }

  /// A stop that came late, because a call to the system did not return.
  private static var unheededStop: Failure {
    Failure(
      .interrupted,
      "stopped as asked, without waiting for a file system that does not answer",
      meaning: "What was reported as done is safe, and the repository is unharmed.",
      advice:
        "Look for a network mount whose server is gone, or a disk that fails. Run the same command again then."
    )
  }

  /// Refused: as text it would name another file, or none.
  private static func noText(_ argument: [UInt8]) -> Failure {
    Failure(
      .usage,
      "an argument is not UTF-8: \(DisplayedName.text(argument))",
      meaning: "Nothing was done.",
      advice:
        "Name a folder above it; --files-from0 takes any name, and so does a path of a snapshot "
        + "as `kist ls` shows it."
    )
  }

  static func exit(status: ExitStatus) -> Never {
    ProcessEnvironment.exit(status.rawValue)
  }
}
