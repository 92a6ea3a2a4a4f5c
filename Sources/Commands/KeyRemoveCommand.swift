import ArgumentParser
import CoreTypes
import Repositories
import Sealing

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
          ? "there is no key \(DisplayedName.text(id))"
          : "\(DisplayedName.text(id)) fits \(found.count) keys",
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
