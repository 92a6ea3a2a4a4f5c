import ArgumentParser
import CoreTypes
import Repositories
import Sealing

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Add, list, remove and export the keys that open the repository.",
    discussion: """
      A repository has up to 16 keys: passwords, and recovery keys to keep on paper. Each opens all \
      of it. Who has forgotten the password opens it with --recovery-key, which every command takes; who has \
      neither cannot, and nobody else can.

        kist key list
        kist key add --recovery
        kist key passwd
        kist key passwd --recovery-key        # a new password, where the old one is forgotten
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
        DisplayedName.text(listed.note?.label ?? ""),
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
