import Files
package import Patterns

/// Finds the paths on a disk that a pattern stands for, as a shell does.
package enum PathExpansion {
  /// Paths that one pattern may stand for.
  package static let pathLimit = 1 << 20

  /// The paths that match, ascending; a path without pattern letters is returned whether it is there or not.
  ///
  /// `*` matches names that begin with a dot, as in restic. `path` is absolute and clean.
  package static func paths(matching path: [UInt8]) throws(PatternError) -> [[UInt8]] {
    let slash = UInt8(ascii: "/")
    guard NamePattern.isPattern(path) else { return [path] }
    var found: [[UInt8]] = [[]]
    for part in path.split(separator: slash) {
      guard NamePattern.isPattern(part) else {
        found = found.map { $0 + [slash] + part }
        continue
      }
      let pattern = try NamePattern(Array(part))
      var next: [[UInt8]] = []
      for folder in found {
        for name in names(in: folder + [slash]) where pattern.matches(name.span) {
          next.append(folder + [slash] + name)
        }
        guard next.count <= pathLimit else { throw .tooMany(limit: pathLimit) }
      }
      found = next
    }
    return found.filter(isThere)
  }

  /// Names in order; none for what is no folder or cannot be read.
  private static func names(in folder: [UInt8]) -> [[UInt8]] {
    do {
      return try DirectoryHandle.open(path: folder).entries().map(\.name)
        .sorted { $0.lexicographicallyPrecedes($1) }
    } catch {
      // Ignored: a pattern stands for what can be found.
      return []
    }
  }

  private static func isThere(_ path: [UInt8]) -> Bool {
    let slash = UInt8(ascii: "/")
    guard let cut = path.lastIndex(of: slash) else { return false }
    do {
      let above = try DirectoryHandle.open(path: Array(path[...cut]))
      _ = try above.status(of: Array(path[(cut + 1)...]))
      return true
    } catch {
      return false
    }
  }
}
