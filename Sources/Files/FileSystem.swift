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
  /// True for file systems on this machine that are known to store every byte that is written to them.
  ///
  /// Others may compress, or share what is equal: more fits than they say.
  package let storesAsWritten: Bool
  /// Bytes that this user can still write.
  package let availableByteCount: UInt64
  /// Files and folders that can still be made; `nil` where the file system sets no number.
  package let availableFileCount: UInt64?

  /// Magic numbers of NFS, SMB, SMB2, CIFS, 9p, FUSE, AFS, Ceph, Coda, NCP.
  ///
  /// Source: statfs(2).
  private static let remoteTypes: Set<UInt32> = [
    0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x0102_1997, 0x6573_5546, 0x5346_414F, 0x00C3_6400,
    0x7375_7245, 0x564C,
  ]

  /// Magic numbers of ext2 to ext4 and XFS.
  private static let directTypes: Set<UInt32> = [0xEF53, 0x5846_5342]

  /// Magic numbers of ext2 to ext4, XFS, tmpfs, FAT, exFAT, JFS.
  private static let plainTypes: Set<UInt32> = [
    0xEF53, 0x5846_5342, 0x0102_1994, 0x4D44, 0x2011_BAB0, 0x3153_464A,
  ]

  /// The file system in which a folder is, or in which it would be made.
  package static func holding(_ path: [UInt8]) throws(FilesError) -> FileSystem {
    var path = path
    while true {
      do throws(FilesError) {
        let handle = try DirectoryHandle.open(path: path)
        return try read(handle.descriptor, handle.name)
      } catch {
        guard error.isNotFound, let above = folder(above: path) else { throw error }
        path = above
      }
    }
  }

  /// `nil` above the root and above the working folder.
  private static func folder(above path: [UInt8]) -> [UInt8]? {
    let slash = UInt8(ascii: "/")
    var names = path[...]
    while names.last == slash { names.removeLast() }
    guard !names.isEmpty, !names.elementsEqual([UInt8(ascii: ".")]) else { return nil }
    guard let last = names.lastIndex(of: slash) else { return [UInt8(ascii: ".")] }
    return last == names.startIndex ? [slash] : Array(names[..<last])
  }

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
    storesAsWritten = FileSystem.plainTypes.contains(status.type)
    availableByteCount = status.available
    availableFileCount = status.files == 0 ? nil : status.free_files
  }
}
