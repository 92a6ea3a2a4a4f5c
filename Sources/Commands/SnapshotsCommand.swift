import ArgumentParser
import CoreTypes
import Files
import Repositories
import Trees

struct SnapshotsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshots",
    abstract: "List the snapshots.",
    discussion: """
        kist snapshots
        kist snapshots --host laptop --latest 3
      """,
    aliases: ["list"]
  )

  @OptionGroup var options: RepositoryOptions

  @Option(help: ArgumentHelp("Only snapshots of this machine.", valueName: "name"))
  var host: String?

  @Option(help: ArgumentHelp("Only snapshots of this path.", valueName: "path"))
  var path: String?

  @Option(help: ArgumentHelp("Only the newest n.", valueName: "n"))
  var latest: Int?

  func run() throws {
    let repository = try options.open()
    var rows: [(record: Record, snapshot: Snapshot)] = []
    var damaged = false
    for record in repository.log.snapshots {
      do {
        rows.append((record, try repository.snapshot(record)))
      } catch {
        damaged = true
        options.console.warn(
          "warning: " + (Explanation.failure(of: error)?.what ?? "\(record.id) cannot be read")
        )
      }
    }
    rows = rows.filter { row in
      (host == nil || row.snapshot.author?.host == host)
        && (path == nil || row.snapshot.roots.contains { $0.path == Array((path ?? "").utf8) })
    }
    if let latest { rows = Array(rows.suffix(max(0, latest))) }
    if options.json {
      options.console.result(JSONText.array(rows.map { json($0.record, $0.snapshot) }))
    } else {
      show(rows)
    }
    if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  private func show(_ rows: [(record: Record, snapshot: Snapshot)]) {
    guard !rows.isEmpty else {
      options.console.say("no snapshots")
      return
    }
    let table = rows.map { record, snapshot in
      [
        record.id.digest.short, CalendarTime.text(record.clear.time),
        snapshot.author?.host ?? "-", Quantities.count(Int(clamping: snapshot.totals.files)),
        Quantities.bytes(Int(clamping: snapshot.totals.bytes)),
        snapshot.roots.map { DisplayedName.text($0.path) }.joined(separator: "  ")
          + (snapshot.unreadable > 0 ? "  (incomplete)" : ""),
      ]
    }
    for line in TextTable.lines(
      header: ["id", "time", "host", "files", "size", "paths"],
      rows: table,
      rightAligned: [3, 4]
    ) {
      options.console.result(line)
    }
  }

  private func json(_ record: Record, _ snapshot: Snapshot) -> JSONText {
    var json = JSONText([
      "id": .text("\(record.id)"), "short_id": .text(record.id.digest.short),
      "time": .text(CalendarTime.iso(record.clear.time)),
      "paths": .list(snapshot.roots.map { JSONText.name($0.path) }),
      "files": .number(Int(clamping: snapshot.totals.files)),
      "bytes": .number(Int(clamping: snapshot.totals.bytes)),
      "entries": .number(Int(clamping: snapshot.totals.entries)),
      "unreadable": .number(Int(clamping: snapshot.unreadable)),
      "parents": .list(snapshot.parents.map { .text("\($0)") }),
    ])
    if let author = snapshot.author {
      json.add("hostname", .text(author.host))
      json.add("username", .text(author.user))
      json.add("program_version", .text(author.program))
      json.add("tags", .list(author.tags.map { .text($0) }))
    }
    return json
  }
}
