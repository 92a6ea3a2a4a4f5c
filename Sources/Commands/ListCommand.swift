import ArgumentParser
import Browsing
import CoreTypes
import Files
import Repositories
import Trees

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List what is in a snapshot.",
    discussion: """
      Without a path, everything; with one, what is in that folder. A path may stand behind the snapshot, or \
      several may follow it.

        kist ls latest
        kist ls -l latest:/home/ann/Documents
        kist ls --recursive latest /etc/ssh /etc/ssl
        kist ls --host laptop --tag weekly latest~2
        kist ls latest --json | jq -r 'select(.size > 1e9).path'
      """
  )

  @OptionGroup var options: RepositoryOptions

  @Flag(name: [.customShort("l"), .long], help: "Show mode, owner, size and time.")
  var long = false

  @Flag(help: "With --long, sizes as people read them.")
  var humanReadable = false

  @Flag(name: [.customShort("n"), .long], help: "With --long, owners as numbers.")
  var numeric = false

  @Flag(
    inversion: .prefixedNo,
    help: "Go into folders (default: only if no path is given)."
  )
  var recursive: Bool?

  @OptionGroup(title: "Which snapshot latest is") var filter: SnapshotFilterOptions

  @Argument(help: ArgumentHelp(SnapshotName.help))
  var snapshot: String = "latest"

  @Argument(help: ArgumentHelp("Paths in the snapshot: " + PathRule.help))
  var paths: [String] = []

  func run() throws {
    let repository = try options.openToRead()
    let name = SnapshotName(snapshot)
    if name.hasPath, !paths.isEmpty {
      throw Failure(.usage, "give paths either behind the snapshot's colon or after it, not both")
    }
    let opened = try name.open(in: repository, among: try filter.filter())
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    let names = paths.isEmpty ? [name] : paths.map { SnapshotName(id: name.id, path: $0) }
    let output = ResultOutput()
    if options.json { try output.line(SnapshotText.json(opened, kind: "snapshot").line) }
    let text =
      numeric
      ? EntryText(sizes: humanReadable ? .human : .bytes)
      : EntryText(namesOf: opened.content, sizes: humanReadable ? .human : .bytes)
    for name in names {
      let path = try name.path(in: opened.content)
      let reach: TreeListing.Reach = recursive ?? (path == nil) ? .everything : .children
      for top in try name.found(in: opened, reader: source.reader) {
        try list(top, reach, source, text, output)
      }
    }
    try output.flush()
    if options.verbose {
      options.console.warn("\(Quantities.count(source.loadCount, "tree node")) read")
    }
  }

  private func list(
    _ top: TreeTop,
    _ reach: TreeListing.Reach,
    _ source: NodeSource,
    _ text: EntryText,
    _ output: ResultOutput
  ) throws {
    let (isJSON, isLong) = (options.json, long)
    try TreeListing(reader: source.reader).forEachEntry(of: top, reach: reach) {
      path,
      entry throws(BrowsingError) in
      if isJSON {
        try output.line(Self.json(path, entry).line)
      } else if isLong {
        try output.line(text.long(path, FoundEntry(entry)))
      } else {
        try output.line(DisplayedName.text(path))
      }
    }
  }

  private static func json(_ path: [UInt8], _ entry: TreeEntry) -> JSONText {
    var json = JSONText(["message_type": .text("node")])
    json.add("name", JSONText.name(Path.names(path).last ?? Array("/".utf8)))
    json.add(EntryText.json(path, FoundEntry(entry)))
    if entry.kind == .directory {
      json.add("total_files", .number(Int(clamping: entry.subtree.files)))
      json.add("total_bytes", .number(Int(clamping: entry.subtree.bytes)))
    }
    if entry.kind.isDevice {
      json.add("device_major", .number(Int(entry.device.major)))
      json.add("device_minor", .number(Int(entry.device.minor)))
    }
    if entry.changedWhileRead { json.add("torn", .flag(true)) }
    return json
  }
}
