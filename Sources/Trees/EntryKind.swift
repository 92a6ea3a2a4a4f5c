/// What a directory entry is.
///
/// Source: Formats/tree.md §1, key 2.
package enum EntryKind: UInt8, Sendable, CaseIterable {
  case file = 1
  case directory
  case symbolicLink
  case fifo
  case characterDevice
  case blockDevice
  /// Reserved: read, but never written by a backup.
  case socket

  /// Whether entries of this kind have a device number.
  package var isDevice: Bool { self == .characterDevice || self == .blockDevice }
}

/// Inode flags that can be set again, as in `FS_IOC_SETFLAGS`.
///
/// Source: Formats/tree.md §3.
package enum InodeFlags {
  /// Every bit that an entry may hold.
  package static let restorable: UInt32 = 0x83_C4FB
}
