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

  /// The parts of the absolute path; `nil` for the whole snapshot.
  ///
  /// A path that does not begin with a slash is below the snapshot's only root.
  func path(in snapshot: Snapshot) throws -> [[UInt8]]? {
    guard let pathText, !pathText.isEmpty else { return nil }
    let parts = Path.names(Array(pathText.utf8)).filter { $0 != [UInt8(ascii: ".")] }
    if pathText.hasPrefix("/") { return parts }
    guard snapshot.roots.count == 1, let root = snapshot.roots.first else {
      throw Failure(
        .failed,
        "\(pathText) is not absolute, and the snapshot has several roots",
        advice: "Begin the path with a slash."
      )
    }
    return Path.names(root.path) + parts
  }
}
