import ArgumentParser
import CoreTypes
import Files
import Repositories
import Storage

struct SnapshotsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshots",
    abstract: "List the snapshots.",
    discussion: """
        kist snapshots
        kist snapshots --host laptop --latest 3
        kist snapshots --tag weekly,keep --tag monthly  # both, or this
        kist snapshots --group-by host,tags --compact
        kist snapshots 4f2a latest~1
      """,
    aliases: ["list"]
  )

  @OptionGroup var options: RepositoryOptions

  @OptionGroup(title: "Which snapshots") var filter: SnapshotFilterOptions

  @Option(
    help: ArgumentHelp("Only the newest n of each machine and its paths.", valueName: "n")
  )
  var latest: Int?

  @Option(
    name: [.customShort("g"), .long],
    help: ArgumentHelp(
      "Put together what has the same host, paths or tags; joined by commas.",
      valueName: "what",
    )
  )
  var groupBy: String?

  @Flag(name: [.customShort("c"), .long], help: "Leave out files, size and paths.")
  var compact = false

  @Argument(help: "Snapshots: id, start of an id, latest, latest~N (default: all).")
  var snapshots: [String] = []

  func validate() throws {
    if let latest, latest < 1 { throw ValidationError("--latest takes a number from 1 up") }
    if let groupBy { _ = try SnapshotGrouping(parsing: groupBy) }
  }

  func run() throws {
    // In restic's words, `list snapshots`.
    let snapshots = snapshots == ["snapshots"] ? [] : snapshots
    if let failure = ForeignCommands.listing(of: snapshots) { throw failure }
    let repository = try options.openToRead()
    let holding = repository.holding
    var (found, damaged) = try filter.snapshots(
      named: snapshots,
      in: repository,
      console: options.console
    )
    for record in repository.snapshotTags.malformed {
      options.console.warn("warning: the tags in record \(record.digest.short) cannot be read")
      damaged = true
    }
    if let latest {
      found = SnapshotGrouping(by: [.host, .paths]).newest(latest, of: found)
    }
    let grouping = try groupBy.map { try SnapshotGrouping(parsing: $0) }
    let groups = grouping?.groups(of: found)
    if options.json {
      options.console.result(
        JSONText.array(
          groups?.map { json($0, holding) } ?? found.map { SnapshotText.json($0, in: holding) }
        )
      )
    } else if let groups, !found.isEmpty {
      for group in groups {
        options.console.result("snapshots for \(text(group.key)):")
        show(group.snapshots, holding)
        options.console.result("")
      }
    } else {
      show(found, holding)
      if found.isEmpty {
        options.console.say(try SnapshotsCommand.reason(of: repository, options))
      }
    }
    if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  /// Why nothing is listed; who lost snapshots is not told to make the first.
  private static func reason(
    of repository: OpenRepository,
    _ options: RepositoryOptions
  ) throws -> String {
    guard repository.log.snapshots.isEmpty else { return "no snapshots that fit" }
    let missing = RollbackWatch(options: options)
      .missing(from: repository.log, of: repository.store, repository.configuration)
    guard missing.isEmpty else {
      return "no snapshots are here any more. " + Explanation.bringingBackRecords
    }
    if repository.log.records.isEmpty, try !repository.store.names(of: .pack).isEmpty {
      return
        "no snapshots: there are packs and no record. If a `kist mirror push` or `pull` was to make this copy, it "
        + "did not come to its end: run it again. " + Explanation.bringingBackRecords
    }
    let first = "no snapshots yet; `kist backup FOLDER` makes the first"
    return repository.log.records.isEmpty ? first + Explanation.orUnfinishedCopy : first
  }

  private func show(_ snapshots: [OpenedSnapshot], _ holding: StoreHolding) {
    guard !snapshots.isEmpty else { return }
    let lines = TextTable.lines(
      header: compact ? SnapshotText.compactColumns : SnapshotText.columns,
      rows: snapshots.map { snapshot in
        var row = compact ? SnapshotText.compactRow(snapshot) : SnapshotText.row(snapshot)
        if !holding.holds(snapshot.id) {
          row[row.count - 1] = SnapshotText.leftOut + row[row.count - 1]
        }
        return row
      },
      rightAligned: [4, 5],
      fitting: .terminal(
        shortening: compact ? 3 : 6,
        dropping: compact ? [2] : [2, 4],
        keeping: [SnapshotText.leftOut, SnapshotText.incomplete]
      )
    )
    for line in lines { options.console.result(line) }
  }

  private func text(_ key: SnapshotGrouping.Key) -> String {
    var parts: [String] = []
    if let host = key.host { parts.append("host \(DisplayedName.text(host))") }
    if let paths = key.paths {
      parts.append("paths " + paths.map(DisplayedName.text).joined(separator: ", "))
    }
    if let tags = key.tags {
      parts.append(tags.isEmpty ? "no tags" : "tags \(TagText.shown(tags))")
    }
    return parts.isEmpty ? "all" : parts.joined(separator: "; ")
  }

  private func json(_ group: SnapshotGrouping.Group, _ holding: StoreHolding) -> JSONText {
    var key = JSONText()
    key.add("hostname", group.key.host.map { .text($0) } ?? .null)
    key.add("paths", group.key.paths.map { .list($0.map { JSONText.name($0) }) } ?? .null)
    key.add("tags", group.key.tags.map { .list($0.map { .text($0) }) } ?? .null)
    return JSONText([
      "group_key": .object(key),
      "snapshots": .list(group.snapshots.map { .object(SnapshotText.json($0, in: holding)) }),
    ])
  }
}

extension SnapshotGrouping {
  /// What `host,paths,tags` asks for; restic's singular words are understood too.
  init(parsing text: String) throws {
    var criteria: Set<Criterion> = []
    for word in text.split(separator: ",") {
      switch word {
      case "host", "hosts": criteria.insert(.host)
      case "path", "paths": criteria.insert(.paths)
      case "tag", "tags": criteria.insert(.tags)
      default: throw ValidationError("--group-by takes host, paths and tags, not '\(word)'")
      }
    }
    self.init(by: criteria)
  }
}
