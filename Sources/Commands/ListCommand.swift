import ArgumentParser
import Backups
import CoreTypes
import Repositories
import Trees

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List what is in a snapshot.",
    discussion: """
        kist ls latest
        kist ls -l latest:/home/ann/Documents
      """
  )

  @OptionGroup var options: RepositoryOptions

  @Flag(name: [.customShort("l"), .long], help: "Show mode, owner, size and time.")
  var long = false

  @Flag(
    inversion: .prefixedNo,
    help: "Go into folders."
  )
  var recursive = true

  @Argument(help: "A snapshot: id, start of an id, latest, latest~N; may be followed by :PATH.")
  var snapshot: String = "latest"

  func run() throws {
    let repository = try options.open()
    let name = SnapshotName(snapshot)
    let record = try repository.findSnapshot(name.id)
    let content = try repository.snapshot(record)
    let listing = try SnapshotListing(repository: repository)
    let console = options.console
    var output = BufferedOutput()
    let isLong = long
    try listing.forEachEntry(
      of: content,
      below: try name.path(in: content),
      isRecursive: recursive
    ) { path, entry in
      output.line(
        console.isJSON
          ? EntryText.json(path, entry).line
          : isLong ? EntryText.long(path, entry) : DisplayedName.text(path)
      )
    }
    output.flush()
  }
}

/// `ID` or `ID:path`.
struct SnapshotName {
  let id: String
  private let pathText: String?

  init(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    id = parts.first.map(String.init) ?? text
    pathText = parts.count > 1 ? String(parts[1]) : nil
  }

  /// The parts of the absolute path; `nil` for the whole snapshot.
  ///
  /// A path that does not begin with a slash is below the snapshot's only root.
  func path(in snapshot: Snapshot) throws -> [[UInt8]]? {
    guard let pathText, !pathText.isEmpty else { return nil }
    let slash = UInt8(ascii: "/")
    let parts = Array(pathText.utf8).split(separator: slash).map { Array($0) }
    if pathText.hasPrefix("/") { return parts }
    guard snapshot.roots.count == 1, let root = snapshot.roots.first else {
      throw Failure(
        .failed,
        "\(pathText) is not absolute, and the snapshot has several roots",
        advice: "Begin the path with a slash."
      )
    }
    return root.path.split(separator: slash).map { Array($0) } + parts
  }
}

/// Collects lines, so that a long list is not one call a line.
struct BufferedOutput {
  private var text = ""
  private static let byteLimit = 1 << 16

  mutating func line(_ line: String) {
    text += line
    text += "\n"
    if text.utf8.count >= BufferedOutput.byteLimit { flush() }
  }

  mutating func flush() {
    Console.writeResult(text)
    text = ""
  }
}

/// Entries as lines.
enum EntryText {
  static func long(_ path: [UInt8], _ entry: TreeEntry) -> String {
    var line =
      "\(letter(entry.kind))\(permissions(entry.mode))  \(entry.uid):\(entry.gid)  "
    let size = entry.kind == .file ? "\(entry.size)" : "-"
    line += String(repeating: " ", count: max(0, 12 - size.count)) + size
    line +=
      "  "
      + CalendarTime.text(
        PointInTime(seconds: entry.modified.seconds, nanoseconds: entry.modified.nanoseconds)
      )
    line += "  " + DisplayedName.text(path)
    if entry.kind == .symbolicLink { line += " -> " + DisplayedName.text(entry.linkTarget) }
    return line
  }

  static func json(_ path: [UInt8], _ entry: TreeEntry) -> JSONText {
    var json = JSONText([
      "path": JSONText.name(path), "type": .text(word(entry.kind)),
      "mode": .number(Int(entry.mode)), "uid": .number(Int(entry.uid)),
      "gid": .number(Int(entry.gid)), "size": .number(Int(clamping: entry.size)),
      "mtime": .text(
        CalendarTime.iso(
          PointInTime(seconds: entry.modified.seconds, nanoseconds: entry.modified.nanoseconds)
        )
      ),
    ])
    if entry.kind == .symbolicLink { json.add("linktarget", JSONText.name(entry.linkTarget)) }
    if entry.changedWhileRead { json.add("torn", .flag(true)) }
    return json
  }

  static func word(_ kind: EntryKind) -> String {
    switch kind {
    case .file: "file"
    case .directory: "dir"
    case .symbolicLink: "symlink"
    case .fifo: "fifo"
    case .characterDevice: "chardev"
    case .blockDevice: "dev"
    case .socket: "socket"
    }
  }

  private static func letter(_ kind: EntryKind) -> String {
    switch kind {
    case .file: "-"
    case .directory: "d"
    case .symbolicLink: "l"
    case .fifo: "p"
    case .characterDevice: "c"
    case .blockDevice: "b"
    case .socket: "s"
    }
  }

  private static func permissions(_ mode: UInt16) -> String {
    var text = ""
    for (shift, special, letters) in [
      (6, UInt16(0o4000), ("s", "S")), (3, 0o2000, ("s", "S")), (0, 0o1000, ("t", "T")),
    ] {
      let bits = mode >> UInt16(shift)
      text += bits & 4 != 0 ? "r" : "-"
      text += bits & 2 != 0 ? "w" : "-"
      let runs = bits & 1 != 0
      text += mode & special != 0 ? (runs ? letters.0 : letters.1) : runs ? "x" : "-"
    }
    return text
  }
}
