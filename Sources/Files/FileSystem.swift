internal import CFiles
internal import Glibc

/// What statfs(2) says of a file system.
package struct FileSystem: Sendable {
  /// A number that stays the same over mounts, where the file system has one.
  package let id: UInt64
  /// True for file systems on other machines or in other processes: memory maps and locks are not to be trusted there.
  package let isRemote: Bool
  /// True where a large file is better written past the page cache: ext2 to ext4 and XFS.
  ///
  /// Others may compress, or send each write over a line and wait for it.
  let gainsByDirectWrites: Bool
  /// Bytes that an ordinary user can still write.
  package let availableByteCount: UInt64

  /// Magic numbers of NFS, SMB, SMB2, CIFS, 9p, FUSE, AFS, Ceph, Coda, NCP.
  ///
  /// Source: statfs(2).
  private static let remoteTypes: Set<UInt32> = [
    0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x0102_1997, 0x6573_5546, 0x5346_414F, 0x00C3_6400,
    0x7375_7245, 0x564C,
  ]

  /// Magic numbers of ext2 to ext4 and XFS.
  private static let directTypes: Set<UInt32> = [0xEF53, 0x5846_5342]

  /// The file system that holds the path.
  package static func read(path: String) throws(FilesError) -> FileSystem {
    let handle = try DirectoryHandle.open(path: path)
    return try read(handle.descriptor, handle.name)
  }

  static func read(_ descriptor: Int32, _ name: [UInt8]) throws(FilesError) -> FileSystem {
    var status = kist_file_system()
    _ = try SystemCall.check(Int(unsafe kist_fstatfs(descriptor, &status)), "fstatfs", name)
    return FileSystem(status)
  }

  private init(_ status: kist_file_system) {
    id = status.id
    isRemote = FileSystem.remoteTypes.contains(status.type)
    gainsByDirectWrites = FileSystem.directTypes.contains(status.type)
    availableByteCount = status.available
  }
}
