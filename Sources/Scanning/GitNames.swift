import Files
import Patterns

/// Files by which Git says what it ignores.
enum GitNames {
  static let repository = Array(".git".utf8)
  static let ignoreFile = Array(".gitignore".utf8)
  /// Bytes of a list that are read: 1 MiB; a longer one is not obeyed.
  private static let byteLimit = 1 << 20

  /// The list in a folder; `nil` if it cannot be read, which leaves nothing out.
  static func ignoreFile(in handle: DirectoryHandle) -> IgnoreFile? {
    do {
      let file = try handle.openForReading(ignoreFile)
      guard try file.status().kind == .regular else { return nil }
      return IgnoreFile(try file.readAll(limit: byteLimit))
    } catch {
      return nil
    }
  }

  /// What counts at `path` from folders above it: from the nearest that is a work tree's top down.
  static func scope(above path: [UInt8]) -> IgnoreScope {
    let slash = UInt8(ascii: "/")
    let names = path.split(separator: slash).map { Array($0) }
    var folders: [DirectoryHandle] = []
    // From the path upwards, until a folder has `.git`.
    for count in stride(from: names.count, through: 0, by: -1) {
      do {
        let folder = [slash] + Array(names[..<count].joined(separator: [slash]))
        let handle = try DirectoryHandle.open(path: folder)
        folders.append(handle)
        _ = try handle.status(of: repository)
        return scope(from: folders.reversed(), to: Array(names[count...]))
      } catch {
        guard error.isNotFound || error.isNotADirectory else { return IgnoreScope() }
        // Ignored: the folder is no work tree's top, or the path is a file.
      }
    }
    return IgnoreScope()
  }

  /// `folders` from the top down; `names` lead from the first of them to the path.
  private static func scope(from folders: [DirectoryHandle], to names: [[UInt8]]) -> IgnoreScope {
    var scope = IgnoreScope()
    // The path's own list is read when it is walked.
    for (folder, name) in zip(folders, names) {
      if let file = ignoreFile(in: folder) { scope = scope.adding(file) }
      scope = scope.below(name.span)
    }
    return scope
  }
}
