package import Files
package import Patterns
package import Trees

/// Which entries of the source are left out of a snapshot.
package struct SourceRules: Sendable {
  /// Patterns that tell capital from small letters, matched against absolute paths.
  package var excludes = PatternList([])
  /// Patterns that do not.
  package var foldedExcludes = PatternList([])
  /// Files whose presence leaves out what else is in their folder.
  package var markers: [FolderMarker] = []
  /// Regular files longer than this are left out, in bytes.
  package var sizeLimit: UInt64?
  /// How far a walk goes from a root.
  package var mounts = MountRule.all
  /// The cache folder of this process, which changes while it works and can be made anew; no person's rule, so it is not
  /// recorded.
  package var cacheInUse: FolderIdentity?
  /// The folder of the repository that this backup goes to, where that is on this machine: each backup would hold all
  /// earlier ones once more.
  package var repositoryInUse: FolderIdentity?
  /// Whether the source's own lists are obeyed.
  package var ignoreFiles = IgnoreFileRule.none

  /// Rules that leave nothing out.
  package init() {}
}

/// What becomes of a folder on which something else is mounted.
package enum MountRule: Sendable {
  case all
  /// It is kept, empty.
  case one
}

/// Lists in the source of what is not worth saving.
package enum IgnoreFileRule: Sendable {
  case none
  /// `.gitignore`, as Git reads it.
  case git
}

/// A file that marks its folder: the folder is kept, with nothing in it but this file.
package struct FolderMarker: Sendable {
  package let name: [UInt8]
  /// With what the file must begin; empty if its name is enough.
  package let header: [UInt8]

  package init(name: [UInt8], header: [UInt8]) {
    self.name = name
    self.header = header
  }

  /// The mark of folders that can be made anew.
  ///
  /// Source: Cache Directory Tagging Specification, bford.info/cachedir.
  package static let cache = FolderMarker(
    name: Array("CACHEDIR.TAG".utf8),
    header: Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)
  )
}

extension SourceRules {
  /// The rules as a snapshot records them, for people.
  ///
  /// Source: Formats/snapshot.md §7.
  package var recorded: [SnapshotRule] {
    var rules: [String: [[UInt8]]] = [:]
    rules["exclude"] = excludes.patterns.map(\.text)
    rules["iexclude"] = foldedExcludes.patterns.map(\.text)
    rules["exclude-if-present"] = markers.map { marker in
      marker.header.isEmpty ? marker.name : marker.name + [UInt8(ascii: ":")] + marker.header
    }
    if let sizeLimit { rules["exclude-larger-than"] = [Array("\(sizeLimit)".utf8)] }
    if mounts == .one { rules["one-file-system"] = [Array("yes".utf8)] }
    if ignoreFiles == .git { rules["git-ignore"] = [Array("yes".utf8)] }
    return rules.filter { !$0.value.isEmpty }
      .map { SnapshotRule(name: $0.key, value: RuleText.lines($0.value)) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// Lines of a rule's value.
enum RuleText {
  /// Room for the line that says what was left out.
  private static let reserve = 64

  /// One line a part; parts that the format has no room for are counted in a last line.
  static func lines(_ parts: [[UInt8]]) -> String {
    var text = ""
    for (index, part) in parts.enumerated() {
      let line = shown(part)
      let byteCount = text.utf8.count + line.utf8.count + 1
      guard byteCount <= SnapshotLimits.ruleByteCount - reserve else {
        return text + "\n… and \(parts.count - index) more"
      }
      text += index == 0 ? line : "\n" + line
    }
    return text
  }

  /// Text as it is; bytes that are none, and line ends, as `\xNN`.
  private static func shown(_ part: [UInt8]) -> String {
    if let text = String(validating: part, as: UTF8.self), !part.contains(10), !part.contains(13) {
      return text
    }
    return part.reduce(into: "") { text, byte in
      if (0x20..<0x7F).contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16)
        text += "\\x" + (digits.count < 2 ? "0" + digits : digits)
      }
    }
  }
}
