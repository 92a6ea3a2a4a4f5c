import ArgumentParser
import CoreTypes
import Files
import Repositories
import Trees

struct TagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Give tags to snapshots, or take them away.",
    discussion: """
      Tags are words by which snapshots are found again; `kist backup --tag` gives the first ones. The snapshots and their \
      ids stay as they are.

        kist tag add keep,thesis latest
        kist tag remove thesis --host laptop
        kist tag set monthly 4f2a 91c3
        kist tag set '' latest                  # takes all away
      """,
    subcommands: [TagAddCommand.self, TagRemoveCommand.self, TagSetCommand.self]
  )
}

struct TagAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Give tags to snapshots that lack them.",
    discussion: "  kist tag add keep,thesis latest"
  )

  @OptionGroup var change: TagOptions

  func run() throws { try change.apply(.add(try change.list())) }
}

struct TagRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take tags away from snapshots that have them.",
    discussion: "  kist tag remove thesis --host laptop"
  )

  @OptionGroup var change: TagOptions

  func run() throws {
    // One that holds what is no longer taken is named as it is shown.
    let meant = change.tags.split(separator: ",").compactMap { tag in
      DisplayedName.bytes(shownAs: String(tag)).flatMap { String(validating: $0, as: UTF8.self) }
    }
    try change.apply(.remove(TagText.list(change.tags) + meant))
  }
}

struct TagSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Give snapshots these tags and no others.",
    discussion: """
        kist tag set monthly 4f2a 91c3
        kist tag set '' latest                  # takes all away
      """
  )

  @OptionGroup var change: TagOptions

  func run() throws {
    try change.apply(.set(change.tags.isEmpty ? [] : try change.list()))
  }
}

/// What all changes of tags have in common.
struct TagOptions: ParsableArguments {
  @OptionGroup var options: RepositoryOptions

  @OptionGroup(title: "Which snapshots") var filter: SnapshotFilterOptions

  @Flag(help: "All snapshots.")
  var all = false

  @Argument(help: ArgumentHelp("Tags, joined by commas.", valueName: "tag,tag"))
  var tags: String

  @Argument(help: "Snapshots: id, start of an id, latest, latest~N.")
  var snapshots: [String] = []

  func validate() throws {
    if all, !snapshots.isEmpty { throw ValidationError("--all, or snapshots by name") }
    if !all, snapshots.isEmpty, filter.isEmpty {
      throw ValidationError(
        "which snapshots? Name them, or choose by --host, --tag or --path, or say --all"
      )
    }
  }

  /// The tags, each of which may be given.
  func list() throws -> [String] {
    let list = TagText.list(tags)
    for tag in list { try GivenName.require(tag, "tag") }
    return list
  }

  func apply(_ change: TagChange) throws {
    try FullDisk.explained(
      by:
        "Not all tags were changed, and most likely none: `kist snapshots` shows them. The snapshots are as they were."
    ) {
      try commit(change)
    }
  }

  private func commit(_ change: TagChange) throws {
    let repository = try options.open()
    let signing = try RecordSigning(options: options, repository: repository)
    let (chosen, damaged) = try filter.snapshots(
      named: snapshots,
      in: repository,
      console: options.console
    )
    let time = Surroundings.now
    let changed = try SnapshotTagging(
      repository: repository,
      signer: try signing.signer(time: time)
    ).apply(change, to: chosen.map(\.id), time: time)
    signing.remember()
    try show(changed, of: chosen, in: repository)
    if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  private func show(
    _ changed: [RecordID],
    of chosen: [OpenedSnapshot],
    in repository: OpenRepository
  ) throws {
    let changed = Set(changed)
    let now = repository.snapshotTags
    for snapshot in chosen where changed.contains(snapshot.id) {
      let tags = now.tags(of: snapshot.id, given: snapshot.content.author?.tags ?? [])
      if options.json {
        options.console.result(
          JSONText([
            "message_type": .text("changed"), "snapshot_id": .text("\(snapshot.id)"),
            "old_tags": .list(snapshot.tags.map { .text($0) }),
            "tags": .list(tags.map { .text($0) }),
          ]).line
        )
      } else {
        let shown = tags.isEmpty ? "no tags" : TagText.shown(tags)
        options.console.say("\(snapshot.id.digest.short)  \(shown)")
      }
    }
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("summary"), "changed_snapshots": .number(changed.count),
          "chosen_snapshots": .number(chosen.count),
        ]).line
      )
    } else {
      options.console.say(
        "\(Quantities.part(changed.count, of: chosen.count, "snapshot")) changed"
      )
    }
  }
}
