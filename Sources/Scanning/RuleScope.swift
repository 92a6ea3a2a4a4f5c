package import Files
package import Patterns

/// The rules as they stand in one folder of a walk.
///
/// A class, so that a walk without rules hands on one reference from folder to folder.
package final class RuleScope: Sendable {
  private let rules: SourceRules
  private let exact: PatternList.Position
  private let folded: PatternList.Position
  private let ignored: IgnoreScope
  /// Whether any question about a name can be answered with yes.
  private let hasPatterns: Bool
  private let hasQuestions: Bool

  /// The scope of the folder at an absolute path.
  package convenience init(
    _ rules: SourceRules,
    path: [UInt8],
    ignored: IgnoreScope = IgnoreScope()
  ) {
    self.init(
      rules,
      rules.excludes.position(of: path),
      rules.foldedExcludes.position(of: path),
      ignored
    )
  }

  private init(
    _ rules: SourceRules,
    _ exact: PatternList.Position,
    _ folded: PatternList.Position,
    _ ignored: IgnoreScope
  ) {
    self.rules = rules
    self.exact = exact
    self.folded = folded
    self.ignored = ignored
    hasPatterns = !exact.isEmpty || !folded.isEmpty
    hasQuestions = !ignored.isEmpty || rules.sizeLimit != nil
  }

  /// The scope of the folder `name` in this one, before lists that lie in it are read.
  package func below(_ name: [UInt8]) -> RuleScope {
    guard hasPatterns || !ignored.isEmpty else { return self }
    return RuleScope(
      rules,
      rules.excludes.position(below: name.span, in: exact),
      rules.foldedExcludes.position(below: name.span, in: folded),
      ignored.below(name.span)
    )
  }

  /// True if a pattern leaves out the folder itself whose scope this is.
  package var excludesItself: Bool {
    rules.excludes.verdict(at: exact).isMatch
      || rules.foldedExcludes.verdict(at: folded).isMatch
  }

  /// True if a pattern leaves out `name`: its status need not be asked for.
  package func excludes(_ name: [UInt8]) -> Bool {
    hasPatterns
      && (rules.excludes.verdict(for: name.span, in: exact).isMatch
        || rules.foldedExcludes.verdict(for: name.span, in: folded).isMatch)
  }

  /// True if what is known of an entry leaves it out.
  package func excludes(_ name: [UInt8], _ status: FileStatus) -> Bool {
    guard hasQuestions else { return false }
    if let limit = rules.sizeLimit, status.kind == .regular, status.size > limit { return true }
    guard !ignored.isEmpty else { return false }
    return ignored.ignores(name.span, status.kind == .directory ? .folder : .other)
  }

  /// A folder that a backup itself works with.
  package enum FolderInUse: Sendable {
    case cache
    case repository
  }

  /// What an entry is to this process; `nil` if no folder that it works with.
  package func folderInUse(_ status: FileStatus) -> FolderInUse? {
    guard status.kind == .directory, rules.cacheInUse != nil || rules.repositoryInUse != nil,
      let identity = FolderIdentity(status)
    else { return nil }
    if identity == rules.cacheInUse { return .cache }
    return identity == rules.repositoryInUse ? .repository : nil
  }

  /// True if the walk must not go into a folder, or save a file, that was found in `above`.
  package func staysOutside(_ status: FileStatus, of above: FileStatus) -> Bool {
    guard rules.mounts == .one else { return false }
    // Files are told by their mount alone: on an overlay they have other devices than their folders.
    return status.mount != above.mount
      || (status.kind == .directory && status.device != above.device)
  }

  // MARK: What lies in a folder

  /// The names of a listed folder that count, and the scope in which they do.
  ///
  /// `names` ascend.
  package func entering(
    _ handle: DirectoryHandle,
    names: [[UInt8]]
  ) -> (names: [[UInt8]], scope: RuleScope) {
    for marker in rules.markers where FolderNames.contains(marker.name, in: names) {
      if marker.isPresent(in: handle) { return ([marker.name], self) }
    }
    guard rules.ignoreFiles == .git else { return (names, self) }
    return (names, obeying(handle, names: names))
  }

  private func obeying(_ handle: DirectoryHandle, names: [[UInt8]]) -> RuleScope {
    // A repository in a repository has its own rules.
    let above = FolderNames.contains(GitNames.repository, in: names) ? IgnoreScope() : ignored
    guard FolderNames.contains(GitNames.ignoreFile, in: names),
      let file = GitNames.ignoreFile(in: handle)
    else { return RuleScope(rules, exact, folded, above) }
    return RuleScope(rules, exact, folded, above.adding(file))
  }
}

extension RuleScope {
  /// The scope of the folder at `path` when a walk begins there.
  ///
  /// Lists in folders above count as far up as the work tree reaches that the path lies in.
  package static func root(_ rules: SourceRules, path: [UInt8]) -> RuleScope {
    guard rules.ignoreFiles == .git else { return RuleScope(rules, path: path) }
    return RuleScope(rules, path: path, ignored: GitNames.scope(above: path))
  }
}

/// Names in order.
enum FolderNames {
  static func contains(_ name: [UInt8], in names: [[UInt8]]) -> Bool {
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low + high) / 2
      if names[middle].lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
    }
    return low < names.count && names[low] == name
  }
}

extension FolderMarker {
  /// True if the file, which is listed, marks its folder.
  ///
  /// One that cannot be read marks nothing: too much is saved then, not too little.
  func isPresent(in handle: DirectoryHandle) -> Bool {
    guard !header.isEmpty else { return true }
    do {
      let file = try handle.openForReading(name)
      guard try file.status().kind == .regular else { return false }
      return try file.read(at: 0, upTo: header.count) == header
    } catch {
      return false
    }
  }
}
