import Files

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
    /// Something of another kind is in the way and was left.
    case inTheWay
    /// Device nodes need privileges.
    case deviceSkipped
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
