import ArgumentParser
import Browsing
import CoreTypes
import Files
import Patterns
import Repositories
import Trees

struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract:
      "Find files and folders by name in all snapshots, or what needs a chunk, object or pack.",
    discussion: """
      A pattern is like those of --exclude: * and ? match within a name, ** any number of folders, a leading slash \
      binds it to the top; what lies below a match matches too. Folders that snapshots share are read once.

        kist find thesis.odt
        kist find '*.jpg' --oldest 2026-01-01 --newest 2026-03-31
        kist find '/home/ann/Mail/**' --snapshot latest --long
        kist find --ignore-case 'readme*' --host laptop --reverse
        kist find --pack 4f2a91      # what a damaged pack endangers
      """
  )

  @OptionGroup var options: RepositoryOptions

  @OptionGroup(title: "Which snapshots") var filter: SnapshotFilterOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Only in this snapshot; may be given more than once.", valueName: "id")
  )
  var snapshot: [String] = []

  @Flag(name: [.customShort("R"), .long], help: "Newest snapshot first.")
  var reverse = false

  @OptionGroup(title: "What is found") var what: FindOptions

  @Flag(name: [.customShort("l"), .long], help: "Show mode, owner, size and time.")
  var long = false

  @Flag(help: "With --long, sizes as people read them.")
  var humanReadable = false

  @Argument(help: "Patterns, or with --chunk, --object or --pack ids or the starts of them.")
  var patterns: [String]

  func run() throws {
    let question = try what.question(patterns)
    let repository = try options.openToRead()
    var (snapshots, damaged) = try filter.snapshots(
      named: snapshot,
      in: repository,
      content: .here,
      console: options.console
    )
    if reverse { snapshots.reverse() }
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    var search =
      switch question {
      case .names(let names): SnapshotSearch(names: names, reader: source.reader)
      case .ids(let ids):
        SnapshotSearch(
          chunks: try what.chunks(ids, in: ObjectContent(repository: repository)),
          source: source
        )
      }
    let output = ResultOutput()
    var found = 0
    if options.json { try output.text("[") }
    for snapshot in snapshots {
      do throws(BrowsingError) {
        if options.json {
          try listJSON(snapshot, &search, output, &found)
        } else {
          try list(snapshot, &search, output, &found)
        }
      } catch {
        // What the other snapshots have is still worth telling.
        guard error.isDamage else { throw error }
        damaged = true
        SnapshotText.warn(of: error, in: snapshot, options.console)
      }
    }
    if options.json { try output.text("]\n") }
    try output.flush()
    if found == 0, !options.json, !options.quiet {
      options.console.warn("nothing found in \(Quantities.count(snapshots.count, "snapshot"))")
    }
    if options.verbose {
      options.console.warn("\(Quantities.count(source.loadCount, "tree node")) read")
    }
    if damaged { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  // MARK: For people

  private func list(
    _ snapshot: OpenedSnapshot,
    _ search: inout SnapshotSearch,
    _ output: ResultOutput,
    _ found: inout Int
  ) throws(BrowsingError) {
    let text = EntryText(namesOf: snapshot.content, sizes: humanReadable ? .human : .bytes)
    let isLong = long
    let before = found
    try search.search(snapshot.content) { path, entry, reasons throws(BrowsingError) in
      if found == before {
        let host = snapshot.host.map { " on " + DisplayedName.text($0) } ?? ""
        try output.line(
          (before == 0 ? "" : "\n") + "snapshot \(snapshot.id.digest.short) of "
            + CalendarTime.text(snapshot.record.clear.time) + host
        )
      }
      found += 1
      var line =
        path.isEmpty
        ? "the snapshot's table of hard links"
        : isLong ? text.long(path, entry) : DisplayedName.text(path)
      if !reasons.isEmpty { line += "  (\(Self.text(reasons)))" }
      try output.line(line)
    }
  }

  private static func text(_ reasons: [FoundChunk]) -> String {
    let shown = reasons.prefix(3).map { "\(word($0.role)) \($0.id.digest.short)" }
    return shown.joined(separator: ", ")
      + (reasons.count > 3 ? " and \(Quantities.count(reasons.count - 3)) more" : "")
  }

  private static func word(_ role: FoundChunk.Role) -> String {
    switch role {
    case .content: "content"
    case .node: "node"
    }
  }

  // MARK: For programs

  /// One object a snapshot in which something was found, as restic writes it.
  private func listJSON(
    _ snapshot: OpenedSnapshot,
    _ search: inout SnapshotSearch,
    _ output: ResultOutput,
    _ found: inout Int
  ) throws(BrowsingError) {
    let before = found
    var failure: BrowsingError?
    do throws(BrowsingError) {
      try search.search(snapshot.content) { path, entry, reasons throws(BrowsingError) in
        let start = found > before ? "," : (before == 0 ? "" : ",") + "{\"matches\":["
        try output.text(start + Self.json(path, entry, reasons).line)
        found += 1
      }
    } catch {
      failure = error
    }
    if found > before {
      let end = JSONText([
        "hits": .number(found - before), "snapshot": .text("\(snapshot.id)"),
      ]).line
      try output.text("]," + end.dropFirst())
    }
    if let failure { throw failure }
  }

  private static func json(
    _ path: [UInt8],
    _ entry: FoundEntry,
    _ reasons: [FoundChunk]
  ) -> JSONText {
    var json = EntryText.json(path, entry)
    guard !reasons.isEmpty else { return json }
    json.add(
      "chunks",
      .list(
        reasons.map {
          .object(JSONText(["id": .text("\($0.id)"), "role": .text(word($0.role))]))
        }
      )
    )
    return json
  }
}
