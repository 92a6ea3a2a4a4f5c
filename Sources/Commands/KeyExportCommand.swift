import ArgumentParser
import Repositories
import Storage

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
    let count = try FullDisk.explained(
      by:
        "What is in \(DisplayedName.text(to)) is not whole: empty the folder before you run it again."
    ) {
      try StoreLayout.exportKeys(of: repository.store, to: to)
    }
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("exported"), "file_count": .number(count), "folder": .text(to),
        ]).line
      )
    }
    options.console.say(
      "copied \(Quantities.count(count, "file")) to \(DisplayedName.text(to)); to use them, copy them back into the repository's folder"
    )
  }
}
