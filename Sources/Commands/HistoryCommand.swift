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

  @Argument(help: ArgumentHelp("The path: " + PathRule.help))
  var path: String

  func run() throws {
    guard !path.isEmpty else {
      throw Failure(
        .usage,
        "an empty path names nothing",
        advice: "`kist history .` is this folder."
      )
    }
    let repository = try options.openToRead()
    let chosen = try filter.snapshots(
      named: [],
      in: repository,
      content: .here,
      console: options.console
    )
    let snapshots = chosen.snapshots
    var damaged = chosen.damaged
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    var typed = try paths(Array(path.utf8), in: snapshots)
    var found: Found = []
    for path in typed { found += try histories(of: path, in: snapshots, source, &damaged) }
    if found.isEmpty, let meant = DisplayedName.bytes(shownAs: path) {
      let meant = try paths(meant, in: snapshots)
      for path in meant { found += try histories(of: path, in: snapshots, source, &damaged) }
      if !found.isEmpty { typed = meant }
    }
    if found.isEmpty {
      // Of a folder above what was saved: what was saved below it, as in `ls`.
      for path in rootPaths(below: typed, in: snapshots) {
        found += try histories(of: path, in: snapshots, source, &damaged)
      }
    }
    guard !found.isEmpty else {
      if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
      throw Failure(
        .failed,
        (snapshots.count == 1
          ? "the only snapshot has no "
          : "none of \(Quantities.count(snapshots.count, "snapshot")) has ")
          + DisplayedName.text(path),
        meaning: typed == [Array(path.utf8)] || typed.isEmpty
          ? nil : "Looked for \(typed.prefix(3).map(DisplayedName.text).joined(separator: ", ")).",
        advice:
          "`kist find NAME` looks for a name wherever it is; ./NAME is one of the working folder."
      )
    }
    if options.json {
      let versions = found.flatMap { host, path, history in
        history.versions.map { json($0, host, path) }
      }
      options.console.result(JSONText.array(versions))
    } else {
      show(found, askedFor: typed)
    }
    if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  private typealias Found = [(host: String?, path: [UInt8], history: PathHistory)]

  /// The whole paths that are meant: one, or the same below each folder that snapshots were made of alone.
  private func paths(_ path: [UInt8], in snapshots: [OpenedSnapshot]) throws -> [[UInt8]] {
    if path.first == UInt8(ascii: "/") || PathRule.isOfWorkingFolder(path) {
      return [RootPath.cleaned(path, workingFolder: try ProcessEnvironment.workingFolder())]
    }
    var paths: [[UInt8]] = []
    for snapshot in snapshots {
      guard let root = snapshot.content.roots.only else { continue }
      let whole = PathRule.whole(path, of: root)
      if !paths.contains(whole) { paths.append(whole) }
    }
    return paths
  }

  /// The paths of roots that lie below folders which no snapshot holds themselves.
  private func rootPaths(below folders: [[UInt8]], in snapshots: [OpenedSnapshot]) -> [[UInt8]] {
    var paths: [[UInt8]] = []
    var known: Set<[UInt8]> = []
    for folder in folders.map(Path.names) {
      for root in snapshots.flatMap(\.content.roots)
      where root.relation(of: folder) == .above && known.insert(root.path).inserted {
        paths.append(root.path)
      }
    }
    return paths
  }

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
      if !history.versions.isEmpty { found.append((group.snapshots.first?.host, path, history)) }
    }
    return found
  }

  // MARK: For people

  private func show(_ found: Found, askedFor typed: [[UInt8]]) {
    let isNamed = found.count > 1 || found.contains { !typed.contains($0.path) }
    for (number, (host, path, history)) in found.enumerated() {
      if isNamed {
        if number > 0 { options.console.result("") }
        options.console.result(
          "\(DisplayedName.text(path)) on \(host.map { DisplayedName.text($0) } ?? "-"):"
        )
      }
      let lines = TextTable.lines(
        header: ["snapshot", "first seen", "last seen", "snapshots", "change", "size", "modified"],
        rows: history.versions.map(row),
        rightAligned: [3, 5],
        // The first says when it began; the last that it ended.
        fitting: .terminal(shortening: 6, dropping: [2, 5])
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

  private func json(_ version: PathVersion, _ host: String?, _ path: [UInt8]) -> JSONText {
    var json = JSONText([
      "hostname": host.map { .text($0) } ?? .null, "path": JSONText.name(path),
      "change": .text(Self.word(version.change)),
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
