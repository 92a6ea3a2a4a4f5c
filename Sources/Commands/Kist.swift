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
    let arguments = Array(CommandLine.arguments.dropFirst())
    let asJSON = arguments.contains("--json")
    if let strange = ProcessEnvironment.argumentsThatAreNoText.first {
      Explanation.show(noText(strange), asJSON: asJSON)
      exit(status: .usage)
    }
    do {
      var command = try parseAsRoot(LeadingOptions.moved(arguments, in: Kist.self))
      do {
        try ProcessEnvironment.raiseFileLimit()
        try Sodium.start()
        InterruptFlag.install()
        try CacheFaults.install(Explanation.cacheMessages(asJSON: asJSON))
        do {
          try command.run()
        } catch {
          // Whatever went wrong: with a cache that turned out to be damaged it may go right.
          if !InterruptFlag.isRaised { CacheFaults.answerForMarkedCache() }
          throw error
        }
        exit(status: .done)
      } catch {
        // What is not ours is the parser's: help, version, a usage error, an exit status.
        guard let failure = Explanation.failure(of: error) else { exit(withError: error) }
        // As in `kist ls | head`: there is nobody to tell, and nothing went wrong.
        if failure.status != .outputClosed { Explanation.show(failure, asJSON: asJSON) }
        exit(status: failure.status)
      }
    } catch {
      if Kist.exitCode(for: error) == .success { exit(withError: error) }
      if let failure = UnknownCommand.failure(arguments) {
        Explanation.show(failure, asJSON: asJSON)
        exit(status: failure.status)
      }
      Console.write(fullMessage(for: error) + "\n", to: 2)
      exit(status: .usage)
    }
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
