import ArgumentParser
import Browsing
import Files

/// The end of the process: says what went wrong, and with what status it ends.
enum Ending {
  /// Ends the process after a command that threw `error`, or nothing; `nil` is a command line that is none.
  static func end(
    _ error: (any Error)?,
    of command: (any ParsableCommand)? = nil,
    asJSON: Bool
  ) -> Never {
    var status = ExitStatus.done.rawValue
    if let error {
      if let failure = Explanation.failure(of: error) {
        // As in `kist ls | head`: there is nobody to tell, and nothing went wrong.
        if failure.status != .outputClosed { Explanation.show(failure, asJSON: asJSON) }
        status = failure.status.rawValue
      } else {
        // What is not ours is an exit status, or a message of the parser.
        status = Kist.exitCode(for: error).rawValue
        let message = Kist.message(for: error)
        if status != ExitStatus.done.rawValue, !message.isEmpty {
          Explanation.show(Failure(.failed, message), asJSON: asJSON)
        }
      }
      if status == ExitStatus.damage.rawValue, let command { FarDamage.note(command) }
      if status == ExitStatus.noSpace.rawValue, let command = command as? any RepositoryCommand,
        !(command is RestoreCommand)
      {
        Explanation.noteRoom(command.options)
      }
    }
    StandardOutput.close()
    if let loss = StandardOutput.loss {
      let lost = afterLoss(Explanation.failure(from: .output(loss)), status)
      Explanation.show(lost, asJSON: asJSON)
      status = lost.status.rawValue
    }
    ProcessEnvironment.exit(status)
  }

  /// What is not written may be what somebody acts upon; so it is no success, and says what the work came to.
  private static func afterLoss(_ failure: Failure, _ status: Int32) -> Failure {
    let work =
      status == ExitStatus.done.rawValue
      ? "The command itself did what it was asked."
      : "The command itself ended with status \(status)."
    return Failure(
      failure.status,
      failure.what,
      meaning: work + " What it had to say is not whole.",
      advice: "Make room, or write to another place."
    )
  }
}
