package import Files

/// Something that could not be restored as it was; the restore goes on.
package struct RestoreFinding: Sendable {
  /// What was wrong.
  package enum Reason: Sendable {
    /// The system refused to make or write the entry: it is not restored.
    case notRestored(operation: String, errno: Int32)
    /// Content could not be read from the repository: the entry is not restored whole.
    case damagedContent(any Error)
    /// Owner, mode, times, attributes or flags could not be set.
    case attributes(AttributeKind, operation: String, errno: Int32)
    /// One extended attribute could not be set; an access control list is one.
    case extendedAttribute(name: [UInt8], operation: String, errno: Int32)
    /// Setuid or setgid was left out, because the file has another owner than the one it was meant for.
    case specialBitsDropped
    /// Something of another kind is in the way and was left.
    case inTheWay
    /// Another entry of the snapshot has the name here, as where upper and lower case are one.
    case collision
    /// The file became another one while it was being restored.
    case changedMeanwhile
    /// A further name of a file that itself was not restored.
    case linkWithoutFile
    /// Device nodes need privileges.
    case deviceSkipped
    /// Something that the snapshot lacks could not be removed.
    case notRemoved(operation: String, errno: Int32)
    /// Nothing was removed from a folder, because names there are not told apart as the snapshot does.
    case ambiguousNames
    /// What was read back is not what the snapshot has.
    case wrongReadBack(offset: UInt64)
    /// The file could not be read back.
    case notReadBack(operation: String, errno: Int32)
  }

  /// What kind of attribute was refused.
  package enum AttributeKind: String, Sendable, CaseIterable {
    case owner
    case mode
    case times
    case extendedAttributes
    case flags
  }

  /// Path below the target.
  package let path: [UInt8]
  package let reason: Reason

  package init(path: [UInt8], reason: Reason) {
    self.path = path
    self.reason = reason
  }
}

extension RestoreFinding.Reason {
  /// The system refused to make or write the entry.
  package init(_ error: FilesError) {
    if error.isStale {
      self = .changedMeanwhile
    } else if error.isADirectory {
      self = .inTheWay
    } else if error.isExists {
      self = .collision
    } else {
      self = .notRestored(operation: error.operationName, errno: error.errno)
    }
  }
}
