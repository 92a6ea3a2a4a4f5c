import ArgumentParser
import Browsing
import Files
import Indexing
import Mirroring
import Repositories

/// Which snapshots a copy is to hold.
struct ChoiceOptions: ParsableArguments {
  @OptionGroup var filter: SnapshotFilterOptions

  @Option(
    help: ArgumentHelp("Only the newest n of each machine and its paths.", valueName: "n")
  )
  var latest: Int?

  @Argument(help: "Snapshots: id, start of an id, latest, latest~N (default: all).")
  var snapshots: [String] = []

  func validate() throws {
    if let latest, latest < 1 { throw ValidationError("--latest takes a number from 1 up") }
  }

  /// True if everything is meant, whatever comes.
  var isEmpty: Bool { filter.isEmpty && latest == nil && snapshots.isEmpty }

  /// The same with a word that stands where the destination is to stand, but is a snapshot's name.
  ///
  /// With `--via` there is no destination; without it the word is refused, unless it is a folder.
  func taking(misplacedIn mirror: MirrorOptions) throws -> (MirrorOptions, ChoiceOptions) {
    guard let word = mirror.destination, SnapshotName.isLikely(word) else { return (mirror, self) }
    guard mirror.via == nil else {
      var (options, choice) = (mirror, self)
      options.destination = nil
      choice.snapshots = [word] + snapshots
      return (options, choice)
    }
    guard FolderIdentity(path: word) == nil else { return (mirror, self) }
    throw Failure(
      .usage,
      "\(word) stands where the destination is to stand",
      meaning: "Nothing was sent.",
      advice:
        "Name the one destination first, then snapshots: `kist mirror push DESTINATION \(word)`. A folder of that "
        + "name is ./\(word)."
    )
  }

  /// These, if anything is chosen; refuses a choice that would be for several mirrors.
  func forOne(_ mirror: MirrorOptions) throws -> ChoiceOptions? {
    guard !isEmpty else { return nil }
    guard mirror.destination != nil || mirror.via != nil, !mirror.all else {
      throw Failure(
        .usage,
        "a choice of snapshots needs the one destination that is to hold them",
        meaning: "Nothing was sent.",
        advice:
          "The mirrors of a profile hold everything. Name a folder, ssh://host/folder, or --via."
      )
    }
    return self
  }

  /// What is chosen, and the objects that it needs.
  func choice(in repository: OpenRepository, console: Console) throws -> MirrorChoice {
    var (chosen, damaged) = try filter.snapshots(
      named: snapshots,
      in: repository,
      content: .here,
      console: console
    )
    guard !damaged else {
      throw Failure(
        .damage,
        "which snapshots are meant cannot be told: those named above cannot be read",
        meaning: "Nothing was sent.",
        advice: "Name snapshots by their ids, or run `kist check`."
      )
    }
    if let latest {
      chosen = SnapshotGrouping(by: [.host, .paths]).newest(latest, of: chosen)
    }
    guard !chosen.isEmpty else {
      throw Failure(
        .failed,
        "no snapshots that fit",
        meaning: "Nothing was sent.",
        advice: "`kist snapshots` lists what is there."
      )
    }
    // The mirror will be told to rely on what the catalog says.
    try repository.proveCaches()
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    let needs = try SnapshotNeeds(repository: repository, source: source)
    return MirrorChoice(snapshots: chosen.map(\.id), objects: try needs.objects(of: chosen))
  }
}
