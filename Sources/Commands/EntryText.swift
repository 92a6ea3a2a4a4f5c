import Browsing
import CoreTypes
import Trees

/// Entries as lines.
struct EntryText {
  /// How sizes are written.
  enum Sizes {
    case bytes
    case human
  }

  /// Names of the owners; numbers are shown where one is not known.
  private let users: [UInt32: String]
  private let groups: [UInt32: String]
  private let sizes: Sizes

  /// Shows owners by their numbers.
  init(sizes: Sizes) {
    users = [:]
    groups = [:]
    self.sizes = sizes
  }

  /// Shows owners by the names that the snapshot's machine knew.
  init(namesOf snapshot: Snapshot, sizes: Sizes) {
    users = EntryText.names(snapshot.users)
    groups = EntryText.names(snapshot.groups)
    self.sizes = sizes
  }

  private static func names(_ owners: [SnapshotOwner]) -> [UInt32: String] {
    Dictionary(owners.map { ($0.number, DisplayedName.text($0.name)) }) { $1 }
  }

  /// A path, with a slash behind a folder's.
  static func name(_ path: [UInt8], _ kind: EntryKind?) -> String {
    let text = DisplayedName.text(path)
    return kind == .directory && text.last != "/" ? text + "/" : text
  }

  /// Kind, mode, owner, size, time and name.
  func long(_ path: [UInt8], _ entry: FoundEntry) -> String {
    let size = entry.kind == .file ? text(ofSize: entry.size) : "-"
    var line =
      "\(EntryText.permissions(entry.kind, entry.mode))  "
      + "\(users[entry.uid] ?? "\(entry.uid)"):\(groups[entry.gid] ?? "\(entry.gid)")  "
      + String(repeating: " ", count: max(0, 12 - size.utf8.count)) + size + "  "
      + CalendarTime.text(entry.modified) + "  " + DisplayedName.text(path)
    if entry.kind == .symbolicLink { line += " -> " + DisplayedName.text(entry.linkTarget) }
    return line
  }

  private func text(ofSize size: UInt64) -> String {
    switch sizes {
    case .bytes: "\(size)"
    case .human: Quantities.bytes(Int(clamping: size))
    }
  }

  /// What an entry is, for a program.
  static func json(_ path: [UInt8], _ entry: FoundEntry) -> JSONText {
    var json = JSONText([
      "path": JSONText.name(path), "type": .text(word(entry.kind)),
      "mode": .number(Int(entry.mode)),
      "permissions": .text(permissions(entry.kind, entry.mode)),
      "uid": .number(Int(entry.uid)), "gid": .number(Int(entry.gid)),
      "size": .number(Int(clamping: entry.size)),
      "mtime": .text(CalendarTime.iso(entry.modified)),
    ])
    if entry.kind == .symbolicLink { json.add("linktarget", JSONText.name(entry.linkTarget)) }
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

  /// Kind and mode as `ls -l` has them; that of a link means nothing, and is not kept.
  static func permissions(_ kind: EntryKind, _ mode: UInt16) -> String {
    guard kind != .symbolicLink else { return "lrwxrwxrwx" }
    var text = String(letter(kind))
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

  private static func letter(_ kind: EntryKind) -> Character {
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
}
