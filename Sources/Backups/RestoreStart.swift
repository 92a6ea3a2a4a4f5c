import CoreTypes
import Repositories
import Trees

/// A place in a snapshot from which a restore goes down, and where in the target that comes to lie.
struct RestoreStart {
  /// Number of the root in the snapshot.
  let root: Int
  /// The entry, with the name that it gets in the target.
  let entry: TreeEntry
  /// Names below the root joined by `/`; empty for the root itself: how tables of the snapshot name it.
  let pathBelowRoot: [UInt8]
  /// The path that patterns are matched with.
  ///
  /// In a whole snapshot the absolute one; in a part of it, the path below that part.
  let patternPath: [UInt8]
  /// Folders of the target above it, which are nobody's entries.
  let parents: [[UInt8]]
  /// Whether the target is the folder itself, or gets something of its name.
  let place: Place

  enum Place {
    case target
    case named
  }

  /// The path above it that patterns are matched with.
  var patternPathAbove: [UInt8] {
    let slash = UInt8(ascii: "/")
    guard let last = patternPath.lastIndex(of: slash), last > 0 else { return [slash] }
    return Array(patternPath[..<last])
  }
}

/// Finds where a restore begins.
struct RestoreStarts {
  private static let slash = UInt8(ascii: "/")

  /// The starts for a plan, in the order of the snapshot's roots.
  ///
  /// A snapshot of one folder fills the target, several lie below their full paths.
  static func find(
    for plan: RestorePlan,
    reader: TreeReader<RepositoryError>
  ) throws(BackupError) -> [RestoreStart] {
    if !plan.subpath.isEmpty { return try parts(at: plan.subpath, of: plan.snapshot, reader) }
    let roots = plan.snapshot.roots
    return roots.enumerated().map { number, root in
      let isAlone = roots.count == 1 && root.entry.kind == .directory
      var names = root.path.split(separator: slash).map { Array($0) }
      var entry = root.entry
      // The root of the file system has no name: its content fills the target.
      let name = names.popLast()
      if let name, !isAlone { entry.name = name }
      return RestoreStart(
        root: number,
        entry: entry,
        pathBelowRoot: [],
        patternPath: root.path,
        parents: isAlone || roots.count == 1 ? [] : names,
        place: isAlone || name == nil ? .target : .named
      )
    }
  }

  /// What a path leads to: one entry, or all roots below it.
  private static func parts(
    at path: [[UInt8]],
    of snapshot: Snapshot,
    _ reader: TreeReader<RepositoryError>
  ) throws(BackupError) -> [RestoreStart] {
    for (number, root) in snapshot.roots.enumerated() {
      guard let below = SnapshotPath.below(root, path) else { continue }
      let found: TreeEntry?
      do throws(TreeReadError<RepositoryError>) {
        found = try lookUp(below, in: root.entry, reader)
      } catch {
        throw error.backupError
      }
      guard var entry = found else { continue }
      let isFolder = entry.kind == .directory
      if !isFolder, let name = path.last { entry.name = name }
      return [
        RestoreStart(
          root: number,
          entry: entry,
          pathBelowRoot: Array(below.joined(separator: [slash])),
          patternPath: isFolder ? [slash] : [slash] + entry.name,
          parents: [],
          place: isFolder ? .target : .named
        )
      ]
    }
    let roots = rootsBelow(path, of: snapshot)
    guard !roots.isEmpty else {
      throw .noSuchPath([slash] + Array(path.joined(separator: [slash])))
    }
    return roots
  }

  /// The roots below a folder that is above them: each gets its path below that folder.
  private static func rootsBelow(_ path: [[UInt8]], of snapshot: Snapshot) -> [RestoreStart] {
    snapshot.roots.enumerated().compactMap { number, root in
      guard root.relation(of: path) == .above else { return nil }
      var names = root.path.split(separator: slash).dropFirst(path.count).map { Array($0) }
      let patternPath = [slash] + Array(names.joined(separator: [slash]))
      guard let name = names.popLast() else { return nil }
      var entry = root.entry
      entry.name = name
      return RestoreStart(
        root: number,
        entry: entry,
        pathBelowRoot: [],
        patternPath: patternPath,
        parents: names,
        place: .named
      )
    }
  }

  private static func lookUp(
    _ path: [[UInt8]],
    in root: TreeEntry,
    _ reader: TreeReader<RepositoryError>
  ) throws(TreeReadError<RepositoryError>) -> TreeEntry? {
    if path.isEmpty { return root }
    guard let directory = root.directory else { return nil }
    return try reader.entry(atPath: path, in: directory)
  }
}
