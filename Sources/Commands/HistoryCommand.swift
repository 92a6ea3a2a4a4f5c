import ArgumentParser
import Browsing
import CoreTypes
import Files
import Repositories
import Scanning
import Trees

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show every version of a file or folder, over all snapshots.",
    discussion: """
      One line for each version: the first snapshot that saw it, and how many in a row did. Machines are shown apart. \
      Folders that snapshots share are read once.

        kist history ~/thesis.odt
        kist history /etc --host server
        kist dump 4f2a:/home/ann/thesis.odt > thesis-of-may.odt
      """
  )

  @OptionGroup var options: RepositoryOptions

  @OptionGroup(title: "Which snapshots") var filter: SnapshotFilterOptions

  @Argument(
    help: "The path; one that does not begin with a slash is taken from the working folder."
  )
  var path: String

  func run() throws {
    guard !path.isEmpty else {
      throw Failure(
        .usage,
        "an empty path names nothing",
        advice: "`kist history .` is this folder."
      )
    }
    let repository = try options.open()
    let chosen = try filter.snapshots(
      named: [],
      in: repository,
      console: options.console
    )
    let snapshots = chosen.snapshots
    var damaged = chosen.damaged
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    let here = try ProcessEnvironment.workingFolder()
    let typed = RootPath.cleaned(Array(path.utf8), workingFolder: here)
    var found = try histories(of: typed, in: snapshots, source, &damaged)
    if found.isEmpty, let meant = DisplayedName.bytes(shownAs: path) {
      found = try histories(
        of: RootPath.cleaned(meant, workingFolder: here),
        in: snapshots,
        source,
        &damaged
      )
    }
    guard !found.isEmpty else {
      if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
      throw Failure(
        .failed,
        "none of \(Quantities.count(snapshots.count, "snapshot")) has \(DisplayedName.text(typed))",
        advice: "`kist find NAME` looks for a name wherever it is."
      )
    }
    if options.json {
      let versions = found.flatMap { host, history in history.versions.map { json($0, host) } }
      options.console.result(JSONText.array(versions))
    } else {
      show(found)
    }
    if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  private typealias Found = [(host: String?, history: PathHistory)]

  /// The histories of machines that have seen the path.
  private func histories(
    of path: [UInt8],
    in snapshots: [OpenedSnapshot],
    _ source: NodeSource,
    _ damaged: inout Bool
  ) throws -> Found {
    var found: Found = []
    for group in SnapshotGrouping(by: [.host]).groups(of: snapshots) {
      var history = PathHistory(of: Path.names(path), reader: source.reader)
      for snapshot in group.snapshots {
        do {
          try history.follow(snapshot)
        } catch {
          // What the other snapshots saw is still worth telling.
          guard error.isDamage else { throw error }
          damaged = true
          SnapshotText.warn(of: error, in: snapshot, options.console)
        }
      }
      if !history.versions.isEmpty { found.append((group.snapshots.first?.host, history)) }
    }
    return found
  }

  // MARK: For people

  private func show(_ found: Found) {
    for (number, (host, history)) in found.enumerated() {
      if found.count > 1 {
        if number > 0 { options.console.result("") }
        options.console.result("host \(host.map { DisplayedName.text(Array($0.utf8)) } ?? "-"):")
      }
      let lines = TextTable.lines(
        header: ["snapshot", "first seen", "last seen", "snapshots", "change", "size", "modified"],
        rows: history.versions.map(row),
        rightAligned: [3, 5]
      )
      for line in lines { options.console.result(line) }
    }
  }

  private func row(_ version: PathVersion) -> [String] {
    let entry = version.entry
    return [
      version.first.snapshot.digest.short, CalendarTime.text(version.first.time),
      CalendarTime.text(version.last.time), Quantities.count(version.count),
      Self.word(version.change),
      entry.map { Quantities.bytes(Int(clamping: Self.size(of: $0))) } ?? "-",
      entry.map { CalendarTime.text($0.modified) } ?? "-",
    ]
  }

  /// Of a folder, what is in it.
  private static func size(of entry: TreeEntry) -> UInt64 {
    entry.kind == .directory ? entry.subtree.bytes : entry.size
  }

  private static func word(_ change: PathVersion.Change) -> String {
    switch change {
    case .appeared: "new"
    case .content: "content"
    case .metadata: "metadata"
    case .kind: "other kind"
    case .vanished: "gone"
    }
  }

  // MARK: For programs

  private func json(_ version: PathVersion, _ host: String?) -> JSONText {
    var json = JSONText([
      "hostname": host.map { .text($0) } ?? .null, "change": .text(Self.word(version.change)),
      "first_snapshot": .text("\(version.first.snapshot)"),
      "first_time": .text(CalendarTime.iso(version.first.time)),
      "last_snapshot": .text("\(version.last.snapshot)"),
      "last_time": .text(CalendarTime.iso(version.last.time)),
      "snapshots": .number(version.count),
    ])
    guard let entry = version.entry else { return json }
    json.add("type", .text(EntryText.word(entry.kind)))
    json.add("mode", .number(Int(entry.mode)))
    json.add("uid", .number(Int(entry.uid)))
    json.add("gid", .number(Int(entry.gid)))
    json.add("size", .number(Int(clamping: Self.size(of: entry))))
    json.add("mtime", .text(CalendarTime.iso(entry.modified)))
    return json
  }
}
