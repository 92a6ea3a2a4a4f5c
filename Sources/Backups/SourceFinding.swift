package import Scanning

/// Something in the source that could not be saved as it was; the backup goes on.
package struct SourceFinding: Sendable {
  /// What was wrong.
  package enum Reason: Sendable {
    /// The system refused; the entry is not in the snapshot.
    case unreadable(operation: String, errno: Int32)
    /// Attributes could not be read; the entry is saved without them.
    case attributesUnreadable(operation: String, errno: Int32)
    /// The file changed while it was read; what was seen is saved and marked.
    case torn
    /// Was there when the folder was listed, and gone when it was opened.
    case vanished
    /// A socket: there is nothing in it to save.
    case socket
    /// A folder that this backup itself works with: left out.
    case inUse(RuleScope.FolderInUse)
    /// The entry became something else between listing and opening.
    case replaced
  }

  /// Absolute path.
  package let path: [UInt8]
  package let reason: Reason

  /// True if the snapshot lacks something because of this.
  package var isLoss: Bool {
    switch reason {
    case .unreadable, .attributesUnreadable, .torn, .vanished, .replaced: true
    case .socket, .inUse: false
    }
  }
}
