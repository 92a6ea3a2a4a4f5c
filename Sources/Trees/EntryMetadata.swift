package import CoreTypes

/// When the content of an entry was last changed.
package typealias EntryTime = PointInTime

extension PointInTime {
  /// 1970-01-01, which an entry says by saying nothing.
  package static let zero = PointInTime(seconds: 0)
}

/// An extended attribute.
///
/// Source: xattr(7).
package struct EntryAttribute: Hashable, Sendable {
  /// 1–255 bytes without NUL, namespace included.
  package var name: [UInt8]
  package var value: [UInt8]

  package init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// The device that a device file stands for.
package struct DeviceNumber: Hashable, Sendable {
  package var major: UInt32
  package var minor: UInt32

  package init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }

  package static let zero = DeviceNumber(major: 0, minor: 0)
}

/// A piece of a file that takes no space and reads as zeros.
///
/// Source: Formats/tree.md §6.
package struct HoleExtent: Hashable, Sendable {
  /// First byte of the hole.
  package var offset: UInt64
  /// At least 4,096 bytes.
  package var length: UInt64

  package init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }
}

/// One name of a file that has several.
///
/// Source: Formats/snapshot.md §4.
package struct LinkMember: Hashable, Comparable, Sendable {
  /// Place of the root in the snapshot's list.
  package var root: UInt32
  /// Names below the root joined by `/`; empty for the root itself.
  package var path: [UInt8]

  package init(root: UInt32, path: [UInt8]) {
    self.root = root
    self.path = path
  }

  package static func < (left: LinkMember, right: LinkMember) -> Bool {
    left.root == right.root
      ? left.path.lexicographicallyPrecedes(right.path) : left.root < right.root
  }
}
