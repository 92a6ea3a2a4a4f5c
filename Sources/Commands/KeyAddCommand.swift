import ArgumentParser
import CoreTypes
import Files
import Repositories
import Sealing
import Storage

struct KeyAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a password, or a recovery key to keep on paper.",
    discussion: """
      The new password is asked for twice, or read from a file. A recovery key is made by kist: 56 \
      letters and digits with a checksum, so that a slip in typing it is noticed.

        kist key add --recovery
        kist key add --label 'Ann, office'
        kist key add --new-password-file second.txt
      """
  )

  @Flag(help: "Make a recovery key and print it.")
  var recovery = false

  @Option(
    help: ArgumentHelp("Read the new password from a file.", valueName: "file"),
    completion: .file()
  )
  var newPasswordFile: String?

  @Option(help: ArgumentHelp("What `key list` shows for it.", valueName: "text"))
  var label: String?

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    try FullDisk.explained(
      by: "No key was added; those that are there open the repository as before."
    ) {
      try add()
    }
  }

  private func add() throws {
    if let label { try GivenName.require(label, "label") }
    let keeping = SlotKeeping(repository: try options.unlockToWrite())
    let note = KeySlot.Note(
      label: label ?? "\(Surroundings.user)@\(ProcessEnvironment.hostName)",
      made: Surroundings.now
    )
    if recovery {
      let key = RecoveryKey()
      let name = try keeping.add(.recoveryKey(key.secret), note: note)
      options.console.say("added recovery key \(name.short):")
      options.console.say("")
      options.console.result(
        options.json
          ? Self.json(name, kind: "recovery key", recoveryKey: key.text).line : key.text
      )
      if StandardOutput.loss != nil {
        // Nobody has seen it, and nobody can see it again.
        try keeping.remove(name)
        options.console.warn("the recovery key could not be shown, and was taken away again")
        return
      }
      options.console.say(
        """

        Print it or write it down, and keep it apart from the repository, as you would a
        key to your home: whoever finds both can read everything. It is not shown again.
        To use it:
          kist restore --recovery-key latest --target FOLDER
        and type it when you are asked.
        """
      )
      return
    }
    let secret = try NewSlotSecret.read(file: newPasswordFile)
    let known = try slot(openedBy: secret, in: keeping)
    let name = try keeping.add(secret, note: note)
    if options.json { options.console.result(Self.json(name, kind: "password").line) }
    options.console.say("added key \(name.short)")
    if let known {
      options.console.note(
        "that password opens key \(known) too: `kist key passwd` changes one of them"
      )
    }
  }

  /// The slot that a new password opens already; `nil` if it is new.
  private func slot(openedBy secret: SlotSecret, in keeping: SlotKeeping) throws -> String? {
    let store = try options.store()
    do throws(RepositoryError) {
      let opened = try UnlockedRepository(store: store, secret: secret)
      return try keeping.list().first { $0.slot?.id == opened.slot.id }?.name.short
    } catch {
      // It opens none, which is what a new password is to do.
      return nil
    }
  }

  private static func json(_ name: Digest, kind: String, recoveryKey: String? = nil) -> JSONText {
    var json = JSONText([
      "message_type": .text("key_added"), "id": .text("\(name)"), "kind": .text(kind),
    ])
    if let recoveryKey { json.add("recovery_key", .text(recoveryKey)) }
    return json
  }
}
