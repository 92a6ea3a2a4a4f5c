import ArgumentParser
import Chunking
import CoreTypes
import Files
import Repositories
import Sealing
import Sodium
import Storage

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a new repository.",
    discussion: """
      The folder is made if it is missing; it must be empty.

        kist init --repo /mnt/disk/backup.kist
        kist init --repo /mnt/disk/backup.kist --password-file ~/password
        kist init --repo ssh://nas/srv/backup.kist

      Whoever has the password can read everything. Without it nobody can, and nobody can help: so \
      keep a recovery key on paper in another place, which `kist key add --recovery` makes.
      """
  )

  @OptionGroup var options: RepositoryOptions

  func validate() throws {
    if options.shared.recoveryKey {
      throw ValidationError(
        "a repository begins with a password; make a recovery key with `kist key add --recovery`"
      )
    }
  }

  func run() throws {
    let location = try options.location()
    let place = try options.place()
    // Nobody is to think of a password for what cannot be made.
    if let folder = place.folder { try StoreLayout.requireNone(at: folder) }
    let text = try NewPassword.read(options: options)
    let cost = try KeyDerivationCost.calibrated {
      SystemClock.monotonicNanoseconds()
    }
    let made = try FullDisk.explained(by: "No repository was made.") {
      try RepositoryCreation.create(
        secret: .passphrase(SecretBytes(copying: text), cost),
        note: KeySlot.Note(
          label: "\(Surroundings.user)@\(ProcessEnvironment.hostName)",
          made: Surroundings.now
        ),
        chunking: .standard,
        time: Surroundings.now
      ) { configuration, blobs throws(StorageError) in
        _ = try place.createStore(configuration: configuration, blobs: blobs)
      }
    }
    let id = made.configuration.repositoryID
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("initialized"), "id": .text("\(id)"),
          "repository": .text(location),
        ]).line
      )
    } else {
      options.console.say(
        "created repository \(id.digest.short) at \(DisplayedName.text(location))"
      )
      for line in InitCommand.advice { options.console.say(line) }
    }
  }
}

extension InitCommand {
  /// What to do while the password is still remembered.
  private static let advice = """

    Only the password opens it. Nobody can reset it or do without it, so now:

      kist key add --recovery
          makes a recovery key, which opens the repository if the password is
          forgotten. Print it or write it down, and keep it in another place than
          the repository: with your papers, or with someone you trust. Not on this
          computer, which may be what is lost.
      kist key export --to FOLDER
          copies the few small files without which even the right password opens
          nothing. They are sealed; keep the copy on another disk.

    Then make the first snapshot:

      kist backup FOLDER
    """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

/// A password that is set: asked for twice when a person types it.
enum NewPassword {
  static func read(options: RepositoryOptions) throws -> [UInt8] {
    let source = try options.passwordSource()
    let text = try source.read(prompt: "new password: ")
    if source.isInteractive {
      guard try PasswordSource.ask("the same again: ", else: "") == text else {
        throw Failure(.wrongPassword, "the two passwords differ", meaning: "Nothing was changed.")
      }
    }
    return text
  }
}
