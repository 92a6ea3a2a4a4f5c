import ArgumentParser
import CoreTypes
import Files
import Repositories
import Sealing
import Sodium
import Storage

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Add, list, remove and export the keys that open the repository.",
    discussion: """
      A repository has up to 16 keys: passwords, and recovery keys to keep on paper. Each opens all \
      of it.

        kist key list
        kist key add --recovery
        kist key passwd
        kist key remove 3f9a2c01
        kist key export --to /media/stick/kist-keys
      """,
    subcommands: [
      KeyListCommand.self, KeyAddCommand.self, KeyRemoveCommand.self, KeyPasswdCommand.self,
      KeyExportCommand.self,
    ]
  )
}

struct KeyListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the key slots. The one in use is marked with a star.",
    discussion: """
        kist key list
        kist key list --json
      """
  )

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    let repository = try options.unlock()
    let slots = try SlotKeeping(repository: repository).list()
    if options.json {
      options.console.result(JSONText.array(slots.map { json($0, repository) }))
      return
    }
    let rows = slots.map { listed in
      [
        (listed.slot?.id == repository.slot.id ? "*" : " ") + listed.name.short,
        kind(listed.slot), listed.note.map { CalendarTime.text($0.made) } ?? "-",
        DisplayedName.text(Array((listed.note?.label ?? "").utf8)),
      ]
    }
    for line in TextTable.lines(
      header: [" id", "kind", "made", "label"],
      rows: rows,
      rightAligned: []
    ) {
      options.console.result(line)
    }
  }

  private func kind(_ slot: KeySlot?) -> String {
    switch slot?.kind {
    case .passphrase(let cost): "password (\(cost.kibibytes >> 10) MiB, \(cost.passes) passes)"
    case .recoveryKey: "recovery key"
    case nil: "damaged"
    }
  }

  private func json(_ listed: SlotKeeping.Listed, _ repository: UnlockedRepository) -> JSONText {
    JSONText([
      "id": .text("\(listed.name)"), "current": .flag(listed.slot?.id == repository.slot.id),
      "kind": .text(kind(listed.slot)),
      "created": listed.note.map { .text(CalendarTime.iso($0.made)) } ?? .null,
      "label": listed.note.map { .text($0.label) } ?? .null,
    ])
  }
}

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

/// A new password for a slot, from a file or asked for twice.
enum NewSlotSecret {
  static func read(file: String?) throws -> SlotSecret {
    let text: [UInt8]
    if let file {
      text = try PasswordSource(file: file, command: nil).read(prompt: "")
    } else {
      text = try PasswordSource.ask("new password: ", else: "Use --new-password-file FILE.")
      guard try PasswordSource.ask("the same again: ", else: "") == text else {
        throw Failure(.wrongPassword, "the two passwords differ", meaning: "Nothing was changed.")
      }
    }
    let cost = try KeyDerivationCost.calibrated {
      SystemClock.monotonicNanoseconds()
    }
    return .passphrase(SecretBytes(copying: text), cost)
  }
}

struct KeyRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a key slot.",
    discussion: """
      Whoever has both a copy of the removed slot (a mirror, an old disk) and its password can still \
      open what they have a copy of.

        kist key list
        kist key remove 3f9a2c01
      """
  )

  @Argument(help: "The slot's id, or the start of it.")
  var id: String

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    let repository = try options.unlockToWrite()
    let keeping = SlotKeeping(repository: repository)
    let found = try keeping.list().filter {
      !id.isEmpty && $0.name.description.hasPrefix(id.lowercased())
    }
    guard let slot = found.first, found.count == 1 else {
      throw Failure(
        .failed,
        found.isEmpty
          ? "there is no key \(DisplayedName.text(Array(id.utf8)))"
          : "\(DisplayedName.text(Array(id.utf8))) fits \(found.count) keys",
        advice: "`kist key list` shows them."
      )
    }
    if slot.slot?.id == repository.slot.id {
      throw Failure(
        .refusedForSafety,
        "this is the key that you are using now",
        meaning: "Nothing was changed.",
        advice: "Use another key to remove it, or `kist key passwd` to replace it."
      )
    }
    try keeping.remove(slot.name)
    if options.json {
      options.console.result(
        JSONText(["message_type": .text("key_removed"), "id": .text("\(slot.name)")]).line
      )
    }
    options.console.say("removed key \(slot.name.short)")
  }
}

struct KeyPasswdCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passwd",
    abstract: "Replace the password that is used by another one.",
    discussion: """
      The new slot is added before the old one is removed. Copies of the old slot, on mirrors or old \
      disks, still open with the old password. With --recovery-key, the recovery key stays, and so \
      does the password that was forgotten: `kist key list` and `kist key remove` are for that.

        kist key passwd
        kist key passwd --new-password-file new.txt
      """
  )

  @Option(
    help: ArgumentHelp("Read the new password from a file.", valueName: "file"),
    completion: .file()
  )
  var newPasswordFile: String?

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    let repository = try options.unlockToWrite()
    let keeping = SlotKeeping(repository: repository)
    let secret = try NewSlotSecret.read(file: newPasswordFile)
    let old = try keeping.list().first { $0.slot?.id == repository.slot.id }
    let name = try keeping.add(
      secret,
      note: KeySlot.Note(
        label: old?.note?.label ?? "\(Surroundings.user)@\(ProcessEnvironment.hostName)",
        made: Surroundings.now
      )
    )
    if options.json {
      options.console.result(
        JSONText(["message_type": .text("password_changed"), "id": .text("\(name)")]).line
      )
    }
    options.console.say("the new password is in force (key \(name.short))")
    if options.shared.recoveryKey {
      options.console.say("the recovery key stays; `kist key list` shows what else opens it")
    } else if let old {
      try keeping.remove(old.name)
    }
    let others = try keeping.list().count { other in
      guard other.name != name, case .passphrase = other.slot?.kind else { return false }
      return true
    }
    if others > 0 {
      options.console.say(
        "\(Quantities.count(others, "more password opens", "more passwords open")) it; `kist key list` shows them"
      )
    }
  }
}

struct KeyExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Copy configuration, slots and keyring into a folder.",
    discussion: """
      These small files, together with a password or recovery key, are what opens the repository. A copy \
      of them elsewhere saves the data if they are lost or damaged in the repository; they hold \
      nothing that is readable without a password.

        kist key export --to /media/stick/kist-keys
      """
  )

  @Option(help: ArgumentHelp("A new or empty folder.", valueName: "folder"), completion: .directory)
  var to: String

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    let repository = try options.unlock()
    let count = try StoreLayout.exportKeys(of: repository.store, to: to)
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("exported"), "file_count": .number(count), "folder": .text(to),
        ]).line
      )
    }
    options.console.say(
      "copied \(Quantities.count(count, "file")) to \(DisplayedName.text(Array(to.utf8))); to use them, copy them back into the repository's folder"
    )
  }
}
