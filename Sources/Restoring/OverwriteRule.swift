package import Files
package import Trees

/// Which existing entries a restore may change.
package enum OverwriteRule: String, Sendable, CaseIterable {
  /// All of them; content is compared.
  case always
  /// All of them; a file of equal size and modification time is taken for equal.
  case ifChanged = "if-changed"
  /// Those that were modified before the snapshot's.
  case ifNewer = "if-newer"
  /// None.
  case never
}

/// What to do about something that has an entry's name already.
package enum ExistingDecision: Equatable, Sendable {
  /// It stays as it is.
  case keep
  /// Its content is right; attributes may not be.
  case trustContent
  /// Its content is compared.
  case compareContent
  /// It is of another kind and makes room.
  case replace
  /// It is a folder where none should be; it makes room if it is empty or may be removed.
  case replaceFolder
}

extension OverwriteRule {
  /// What to do about what is there, for an entry that is no folder.
  package func decision(for entry: TreeEntry, existing: FileStatus) -> ExistingDecision {
    // A file that a restore left unfinished is nobody's work.
    let isUnfinished = UnfinishedMark.isOn(existing, for: entry)
    if !isUnfinished {
      switch self {
      case .never: return .keep
      case .ifNewer where existing.modification >= entry.timestamp: return .keep
      case .ifNewer, .ifChanged, .always: break
      }
    }
    switch (entry.kind, existing.kind) {
    case (_, .directory): return .replaceFolder
    case (.file, .regular):
      let looksEqual =
        self == .ifChanged && !isUnfinished && existing.size == entry.size
        && existing.modification == entry.timestamp
      return looksEqual ? .trustContent : .compareContent
    default: return .replace
    }
  }

  /// Whether something that is no folder makes room for one.
  package func makesRoom(for folder: TreeEntry, existing: FileStatus) -> Bool {
    switch self {
    case .always, .ifChanged: true
    case .ifNewer: existing.modification < folder.timestamp
    case .never: false
    }
  }
}
