import Browsing
import Repositories
import Trees

/// `ID` or `ID:path`.
struct SnapshotName {
  let id: String
  private let pathText: String?

  init(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    id = parts.first.map(String.init) ?? text
    pathText = parts.count > 1 ? String(parts[1]) : nil
  }

  /// The snapshot `id`, and a path in it.
  init(id: String, path: String?) {
    self.id = id
    pathText = path
  }

  /// True if a path was given.
  var hasPath: Bool { pathText?.isEmpty == false }

  /// The path as it was typed, fit for a terminal.
  var shownPath: String { DisplayedName.text(Array((pathText ?? "").utf8)) }

  /// Help for an argument that takes one.
  static let help = "A snapshot: id, start of an id, latest, latest~N; may be followed by :PATH."

  /// Opens the snapshot; `filter` says what `latest` means.
  func open(
    in repository: OpenRepository,
    among filter: SnapshotFilter = .everything
  ) throws -> OpenedSnapshot {
    let record = try repository.findSnapshot(id, among: filter)
    return try repository.open(record, tags: repository.snapshotTags)
  }

  /// The same snapshot, with the path of another name if this one has none.
  func takingPath(of other: SnapshotName) -> SnapshotName {
    hasPath ? self : SnapshotName(id: id, path: other.pathText)
  }

  /// What the name leads to: one entry, all roots below a folder, or, without a path, all roots.
  ///
  /// A path may also be written as `ls` shows it, with `\xNN` for what cannot be typed.
  func tops(of snapshot: Snapshot, reader: TreeReader<BrowsingError>) throws -> [TreeTop] {
    do {
      return try reader.tops(of: snapshot, at: path(in: snapshot))
    } catch BrowsingError.noSuchPath(let path) {
      guard let meant = pathText.flatMap({ DisplayedName.bytes(shownAs: $0) }) else {
        throw BrowsingError.noSuchPath(path)
      }
      return try reader.tops(of: snapshot, at: self.path(meant, in: snapshot))
    }
  }

  /// The parts of the absolute path; `nil` for the whole snapshot.
  ///
  /// A path that does not begin with a slash is below the snapshot's only root.
  func path(in snapshot: Snapshot) throws -> [[UInt8]]? {
    guard let pathText, !pathText.isEmpty else { return nil }
    return try path(Array(pathText.utf8), in: snapshot)
  }

  private func path(_ path: [UInt8], in snapshot: Snapshot) throws -> [[UInt8]] {
    let parts = Path.names(path).filter { $0 != [UInt8(ascii: ".")] }
    if path.first == UInt8(ascii: "/") { return parts }
    guard snapshot.roots.count == 1, let root = snapshot.roots.first else {
      throw Failure(
        .failed,
        "\(DisplayedName.text(path)) is not absolute, and the snapshot has several roots",
        advice: "Begin the path with a slash."
      )
    }
    return Path.names(root.path) + parts
  }
}
