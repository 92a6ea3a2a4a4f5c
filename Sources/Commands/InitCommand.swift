import ArgumentParser
import Chunking
import CoreTypes
import Files
import Repositories
import Sealing
import Sodium

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a new repository.",
    discussion: """
      The folder is made if it is missing; it must be empty.

        kist init --repo /mnt/disk/backup

      Whoever has the password can read everything; without it, nobody can, and nobody can help. \
      `kist key add --recovery` prints a recovery key to keep on paper.
      """
  )

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    let location = try options.location()
    let text = try NewPassword.read(options: options)
    let cost = try KeyDerivationCost.calibrated {
      SystemClock.monotonicNanoseconds()
    }
    let made = try RepositoryCreation.create(
      at: location,
      secret: .passphrase(SecretBytes(copying: text), cost),
      note: KeySlot.Note(
        label: "\(Surroundings.user)@\(ProcessEnvironment.hostName)",
        made: Surroundings.now
      ),
      chunking: .standard,
      time: Surroundings.now
    )
    let id = made.configuration.repositoryID
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("initialized"), "id": .text("\(id)"),
          "repository": .text(location),
        ]).line
      )
    } else {
      options.console.say("created repository \(id.digest.short) at \(location)")
      options.console.say(
        """

        Keep the password: without it the data cannot be read by anyone. To be safe against
        forgetting it, run `kist key add --recovery` and keep the printed key in another place.
        """
      )
    }
  }
}

/// A password that is set: asked for twice when a person types it.
enum NewPassword {
  static func read(options: RepositoryOptions) throws -> [UInt8] {
    let source = PasswordSource(file: options.passwordFile, command: options.passwordCommand)
    let text = try source.read(prompt: "new password: ")
    if source.isInteractive {
      guard try PasswordSource.ask("the same again: ") == text else {
        throw Failure(.wrongPassword, "the two passwords differ", meaning: "Nothing was changed.")
      }
    }
    return text
  }
}
