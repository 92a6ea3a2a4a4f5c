import Browsing
import CoreTypes
import Files
import Repositories
import Scanning
import Trees

/// How every command takes the path of something in a snapshot.
///
/// One that begins with a slash is whole. `.`, `..` and what begins with `./` or `../` is of the working folder, as a
/// shell has it. Any other is below the snapshot's only folder, or names its only file.
enum PathRule {
  /// Help for an argument that is such a path.
  static let help =
    "below the snapshot's folder, unless it begins with a slash, or with ./ for the working folder."

  static func isOfWorkingFolder(_ path: [UInt8]) -> Bool {
    let first = path.prefix { $0 != UInt8(ascii: "/") }
    return first.elementsEqual([UInt8(ascii: ".")]) || first.elementsEqual("..".utf8)
  }

  /// The whole path of one that is below the only root of a snapshot.
  ///
  /// Where that is a file, as one from standard input, it is found by its name, or by as much of its path as is given.
  static func whole(_ path: [UInt8], of root: SnapshotRoot) -> [UInt8] {
    guard root.entry.kind != .directory else {
      return RootPath.cleaned(path, workingFolder: root.path)
    }
    let named = Path.names(RootPath.cleaned(path, workingFolder: [UInt8(ascii: "/")]))
    let names = Path.names(root.path)
    let isEnd = names.suffix(named.count).elementsEqual(named)
    return isEnd ? root.path : Path.absolute(Array(names.dropLast()) + named)
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

  /// The snapshot `id`, and a path in it.
  init(id: String, path: String?) {
    self.id = id
    pathText = path
  }

  /// True if a path was given.
  var hasPath: Bool { pathText?.isEmpty == false }

  /// The path as it was typed, fit for a terminal.
  var shownPath: String { DisplayedName.text(pathText ?? "") }

  /// Help for an argument that takes one.
  static let help = "A snapshot: id, start of an id, latest, latest~N; may be followed by :PATH."

  /// True for what is more likely a snapshot's name than that of a folder: latest, latest~N, or the start of an id.
  static func isLikely(_ text: String) -> Bool {
    if text == "latest" || text.hasPrefix("latest~") { return true }
    return (8...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  /// Opens the snapshot; `filter` says what `latest` means.
  func open(
    in repository: OpenRepository,
    among filter: SnapshotFilter = .everything
  ) throws -> OpenedSnapshot {
    let record = try repository.findSnapshot(id, among: filter)
    try repository.requireHeld(record.id)
    return try repository.open(record, tags: repository.snapshotTags)
  }

  /// The same snapshot, with the path of another name if this one has none.
  func takingPath(of other: SnapshotName) -> SnapshotName {
    hasPath ? self : SnapshotName(id: id, path: other.pathText)
  }

  /// The same as `tops`; what is not there is named as it was typed.
  func found(in snapshot: OpenedSnapshot, reader: TreeReader<BrowsingError>) throws -> [TreeTop] {
    try explained(in: snapshot, reader).tops
  }

  /// The parts of the path that `found` leads to; none for the whole snapshot.
  func foundPath(
    in snapshot: OpenedSnapshot,
    reader: TreeReader<BrowsingError>
  ) throws -> [[UInt8]] {
    try explained(in: snapshot, reader).path ?? []
  }

  private func explained(
    in snapshot: OpenedSnapshot,
    _ reader: TreeReader<BrowsingError>
  ) throws -> Place {
    do {
      return try located(in: snapshot.content, reader)
    } catch BrowsingError.noSuchPath(let path) {
      let whole = DisplayedName.text(path)
      throw Failure(
        .failed,
        "snapshot \(snapshot.id.digest.short) has no \(shownPath)",
        meaning: whole == shownPath ? nil : "Looked for \(whole).",
        advice: "`kist ls SNAPSHOT` shows what is in it; `kist find NAME` looks in all of them."
      )
    }
  }

  /// What the name leads to: one entry, all roots below a folder, or, without a path, all roots.
  ///
  /// A path may also be written as `ls` shows it, with `\xNN` for what cannot be typed.
  func tops(of snapshot: Snapshot, reader: TreeReader<BrowsingError>) throws -> [TreeTop] {
    try located(in: snapshot, reader).tops
  }

  /// Where a path was found, and what is there.
  private struct Place {
    let path: [[UInt8]]?
    let tops: [TreeTop]
  }

  private func located(
    in snapshot: Snapshot,
    _ reader: TreeReader<BrowsingError>
  ) throws -> Place {
    let typed = try path(in: snapshot)
    do throws(BrowsingError) {
      return Place(path: typed, tops: try reader.tops(of: snapshot, at: typed))
    } catch {
      guard case .noSuchPath = error, let pathText,
        let meant = DisplayedName.bytes(shownAs: pathText)
      else { throw error }
      let decoded = try path(meant, in: snapshot)
      return Place(path: decoded, tops: try reader.tops(of: snapshot, at: decoded))
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
    if PathRule.isOfWorkingFolder(path) {
      return Path.names(
        RootPath.cleaned(path, workingFolder: try ProcessEnvironment.workingFolder())
      )
    }
    let parts = Path.names(path).filter { $0 != [UInt8(ascii: ".")] }
    if path.first == UInt8(ascii: "/") { return parts }
    guard snapshot.roots.count == 1, let root = snapshot.roots.first else {
      throw Failure(
        .failed,
        "\(DisplayedName.text(path)) is not absolute, and the snapshot has several roots",
        advice: "Begin the path with a slash; ./ stands for the working folder."
      )
    }
    return Path.names(PathRule.whole(path, of: root))
  }
}
