package import Scanning

/// Something in the source that could not be saved as it was; the backup goes on.
package struct SourceFinding: Sendable {
  /// What was wrong.
  package enum Reason: Sendable {
    /// The system refused; the entry is not in the snapshot.
    case unreadable(operation: String, errno: Int32)
    /// Attributes could not be read; the entry is saved without them.
    case attributesUnreadable(Attributes, operation: String, errno: Int32)
    /// The file changed each time that it was read; what was seen last is saved and marked.
    case torn(times: Int)
    /// Was there when the folder was listed, and gone when it was opened.
    case vanished
    /// A socket: there is nothing in it to save.
    case socket
    /// A folder that this backup itself works with: left out.
    case inUse(RuleScope.FolderInUse)
    /// The entry became something else between listing and opening.
    case replaced
  }

  /// Which attributes an entry is saved without.
  package enum Attributes: Sendable {
    /// All extended ones: they could not even be listed.
    case extendedAttributes
    /// These extended ones, by name; an access control list is one of them.
    case named([[UInt8]])
    case inodeFlags
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
