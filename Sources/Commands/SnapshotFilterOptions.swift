import ArgumentParser
import CoreTypes
import Files
import Repositories
import Scanning

/// Which snapshots are meant: by machine, tags and paths.
struct SnapshotFilterOptions: ParsableArguments {
  @Option(
    name: [.customShort("H"), .long],
    help: ArgumentHelp(
      "Only snapshots of this machine; several: of any of them.",
      valueName: "name"
    )
  )
  var host: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only snapshots with all of these tags; several: of any such list; '': without tags.",
      valueName: "tag,tag"
    )
  )
  var tag: [String] = []

  @Option(
    help: ArgumentHelp("Only snapshots made of this path; several: of all.", valueName: "path")
  )
  var path: [String] = []

  /// True if all snapshots are meant.
  var isEmpty: Bool { host.isEmpty && tag.isEmpty && path.isEmpty }

  /// What the options ask for.
  func filter() throws -> SnapshotFilter {
    var paths: [[UInt8]] = []
    if !path.isEmpty {
      let here = try ProcessEnvironment.workingFolder()
      paths = path.map { RootPath.cleaned(Array($0.utf8), workingFolder: here) }
    }
    return SnapshotFilter(hosts: host, tagLists: tag.map(TagText.list), paths: paths)
  }

  /// Opens the snapshots that are named, or else all that the options admit, oldest first and each once.
  ///
  /// One that cannot be opened is told, and makes `damaged` true.
  func snapshots(
    named names: [String],
    in repository: OpenRepository,
    content: ContentPlace = .anywhere,
    console: Console
  ) throws -> (snapshots: [OpenedSnapshot], damaged: Bool) {
    let filter = try filter()
    if !names.isEmpty {
      let tags = repository.snapshotTags
      var found: [RecordID: OpenedSnapshot] = [:]
      for name in names {
        let record = try repository.findSnapshot(name, among: filter)
        if content == .here { try repository.requireHeld(record.id) }
        found[record.id] = try repository.open(record, tags: tags)
      }
      let ordered = found.values.sorted {
        ($0.record.clear.time, $0.id) < ($1.record.clear.time, $1.id)
      }
      return (ordered, false)
    }
    var damaged = false
    let snapshots = repository.openSnapshots(admittedBy: filter, content: content) { error in
      damaged = true
      console.warn("warning: " + Explanation.failure(from: error).what)
    }
    let leftOut = repository.leftOut.count
    if content == .here, leftOut > 0 {
      console.note(
        "left out of this copy by choice: \(Quantities.count(leftOut, "snapshot"))"
      )
    }
    return (snapshots, damaged)
  }
}

/// Lists of tags as they are typed and shown.
enum TagText {
  /// The tags of `a,b`; an empty text is one empty tag.
  static func list(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  /// Tags for a person.
  static func shown(_ tags: [String]) -> String {
    tags.map { DisplayedName.text($0) }.joined(separator: ",")
  }
}
