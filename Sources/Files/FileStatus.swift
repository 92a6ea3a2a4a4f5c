internal import CFiles
internal import Glibc

/// What kind of file a name stands for.
package enum FileKind: Sendable {
  case regular
  case directory
  case symbolicLink
  case fifo
  case characterDevice
  case blockDevice
  case socket
  case unknown
}

/// A time of the file system.
package struct Timestamp: Hashable, Sendable, Comparable {
  package let seconds: Int64
  /// 0..<1,000,000,000.
  package let nanoseconds: UInt32

  package init(seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.seconds != right.seconds
      ? left.seconds < right.seconds : left.nanoseconds < right.nanoseconds
  }
}

/// Number of a device.
package struct DeviceID: Hashable, Sendable {
  package let major: UInt32
  package let minor: UInt32
  /// Both parts as one number.
  package var number: UInt64 { UInt64(major) << 32 | UInt64(minor) }
}

/// What statx(2) says of a file.
package struct FileStatus: Equatable, Sendable {
  package let kind: FileKind
  /// The low 12 bits: permissions, setuid, setgid, sticky.
  package let mode: UInt16
  package let uid: UInt32
  package let gid: UInt32
  package let linkCount: UInt32
  package let inode: UInt64
  package let size: UInt64
  /// Allocated blocks of 512 bytes.
  package let blocks: UInt64
  package let modification: Timestamp
  package let change: Timestamp
  /// The device that holds the file.
  package let device: DeviceID
  /// Number of the mount through which it is seen, until the next start; 0 where the kernel does not say.
  package let mount: UInt64
  /// The device that the file is, for device files.
  package let representedDevice: DeviceID
  /// True if something is mounted at this name.
  package let isMountRoot: Bool

  /// True if fewer bytes are allocated than the file is long: only then is it worth asking for holes.
  package var mayHaveHoles: Bool { blocks < (size + 511) / 512 }

  init(_ status: kist_status) {
    kind =
      switch status.mode & 0o170000 {
      case 0o100000: .regular
      case 0o040000: .directory
      case 0o120000: .symbolicLink
      case 0o010000: .fifo
      case 0o020000: .characterDevice
      case 0o060000: .blockDevice
      case 0o140000: .socket
      default: .unknown
      }
    mode = UInt16(status.mode & 0o7777)
    uid = status.uid
    gid = status.gid
    linkCount = status.links
    inode = status.inode
    size = status.size
    blocks = status.blocks
    modification = Timestamp(
      seconds: status.modified_seconds,
      nanoseconds: status.modified_nanoseconds
    )
    change = Timestamp(
      seconds: status.changed_seconds,
      nanoseconds: status.changed_nanoseconds
    )
    device = DeviceID(major: status.device_major, minor: status.device_minor)
    mount = status.mount
    representedDevice = DeviceID(
      major: status.represented_major,
      minor: status.represented_minor
    )
    isMountRoot = status.is_mount_root != 0
  }

  /// Status of `name` below a descriptor; links are not followed.
  static func read(_ descriptor: Int32, _ name: [UInt8]) throws(FilesError) -> FileStatus {
    var status = kist_status()
    let code = try unsafe CName.with(name, for: "statx") {
      unsafe kist_statx(descriptor, $0, &status)
    }
    _ = try SystemCall.check(Int(code), "statx", name)
    return FileStatus(status)
  }

  /// Status of what a descriptor stands for; `name` is for messages.
  ///
  /// A network file system is asked for it, and does not answer from memory.
  static func read(open descriptor: Int32, _ name: [UInt8]) throws(FilesError) -> FileStatus {
    var status = kist_status()
    _ = try SystemCall.check(Int(unsafe kist_statx(descriptor, "", &status)), "statx", name)
    return FileStatus(status)
  }
}
