import ArgumentParser
import CoreTypes
import Files
import Repositories
import Sealing

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
    try FullDisk.explained(
      by: "The password was not changed; the old one opens the repository as before."
    ) {
      try change()
    }
  }

  private func change() throws {
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
