import CoreTypes
package import Files
package import Trees

/// Makes tree entries from what the file system says.
///
/// Source: Formats/tree.md §1.
package enum EntryReader {
  /// The entry of anything but its content: kind, owner, mode, times, device.
  package static func entry(name: [UInt8], status: FileStatus) -> TreeEntry? {
    guard let kind = entryKind(status.kind) else { return nil }
    var entry = TreeEntry(name: name, kind: kind)
    entry.mode = kind == .symbolicLink ? 0 : status.mode & 0o7777
    entry.uid = status.uid
    entry.gid = status.gid
    entry.modified = EntryTime(
      seconds: status.modification.seconds,
      nanoseconds: status.modification.nanoseconds
    )
    if kind == .file { entry.size = status.size }
    if kind == .characterDevice || kind == .blockDevice {
      entry.device = DeviceNumber(
        major: status.representedDevice.major,
        minor: status.representedDevice.minor
      )
    }
    return entry
  }

  /// What recognises the file as unchanged.
  package static func identity(_ status: FileStatus) -> FileIdentity {
    FileIdentity(
      inode: status.inode,
      size: status.size,
      modified: PointInTime(
        seconds: status.modification.seconds,
        nanoseconds: status.modification.nanoseconds
      ),
      changed: PointInTime(
        seconds: status.change.seconds,
        nanoseconds: status.change.nanoseconds
      )
    )
  }

  /// True if size and modification time are those of an entry.
  package static func hasContent(of entry: TreeEntry, _ status: FileStatus) -> Bool {
    entry.kind == .file && status.kind == .regular && entry.size == status.size
      && entry.modified.seconds == status.modification.seconds
      && entry.modified.nanoseconds == status.modification.nanoseconds
  }

  /// Extended attributes as a tree holds them.
  package static func attributes(_ list: [ExtendedAttribute]) -> [EntryAttribute] {
    list.map { EntryAttribute(name: $0.name, value: $0.value) }
  }

  /// The inode flags that can be set again.
  ///
  /// Source: Formats/tree.md §3.
  package static func restorableFlags(_ flags: UInt32?) -> UInt32 {
    (flags ?? 0) & Trees.InodeFlags.restorable
  }

  private static func entryKind(_ kind: FileKind) -> EntryKind? {
    switch kind {
    case .regular: .file
    case .directory: .directory
    case .symbolicLink: .symbolicLink
    case .fifo: .fifo
    case .characterDevice: .characterDevice
    case .blockDevice: .blockDevice
    case .socket: .socket
    case .unknown: nil
    }
  }
}
