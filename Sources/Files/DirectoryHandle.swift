internal import CFiles
internal import Glibc
import Synchronization

/// One name in a folder.
package struct DirectoryEntry: Equatable, Sendable {
  package let name: [UInt8]
  /// False where the file system says that it is a folder, a link or something else; true where it does not say.
  package let mayBeFile: Bool
}

/// Whether a rename may replace what has the new name.
package enum Replacing: Sendable {
  case refuse
  case allow
}

/// An open folder; every name is used relative to it and is never followed if it is a link.
package final class DirectoryHandle: Sendable {
  let descriptor: Int32
  let name: [UInt8]
  /// Held while the names are read: there is one place in the list for all who read.
  private let listing = Mutex<Void>(())

  init(descriptor: Int32, name: [UInt8]) {
    self.descriptor = descriptor
    self.name = name
  }

  deinit { _ = Glibc.close(descriptor) }

  // MARK: Opening

  /// Opens a folder by path; links are followed.
  package static func open(path: String) throws(FilesError) -> DirectoryHandle {
    try open(path: Array(path.utf8))
  }

  /// Opens a folder by path; links are followed.
  package static func open(path: [UInt8]) throws(FilesError) -> DirectoryHandle {
    try open(AT_FDCWD, path, .text, KIST_O_DIRECTORY, "open")
  }

  /// Opens a folder by path, and makes what is missing of it.
  package static func makePath(
    _ path: String,
    mode: UInt16
  ) throws(FilesError)
    -> DirectoryHandle
  {
    try makePath(Array(path.utf8), mode: mode)
  }

  /// Opens a folder by path, and makes what is missing of it.
  package static func makePath(
    _ path: [UInt8],
    mode: UInt16
  ) throws(FilesError)
    -> DirectoryHandle
  {
    do {
      return try open(path: path)
    } catch {
      guard error.isNotFound else { throw error }
    }
    let slash = UInt8(ascii: "/")
    var end = path.count
    while end > 1, path[end - 1] == slash { end -= 1 }
    let trimmed = Array(path[..<end])
    if let cut = trimmed.lastIndex(of: slash), cut > 0 {
      _ = try makePath(Array(trimmed[..<cut]), mode: mode)
    }
    let code = try unsafe CName.with(trimmed, .text, for: "mkdir") {
      unsafe mkdir($0, mode_t(mode))
    }
    if code != 0, errno != EEXIST { throw FilesError("mkdir", path, errno) }
    return try open(path: trimmed)
  }

  /// Opens a folder in this one; refuses a link.
  package func openSubdirectory(_ name: [UInt8]) throws(FilesError) -> DirectoryHandle {
    let flags = KIST_O_DIRECTORY | KIST_O_NOFOLLOW
    do {
      return try Self.open(descriptor, name, .component, flags | KIST_O_NOATIME, "openat")
    } catch {
      // Only an owner may leave the access time alone.
      guard error.errno == EPERM else { throw error }
      return try Self.open(descriptor, name, .component, flags, "openat")
    }
  }

  private static func open(
    _ directory: Int32,
    _ name: [UInt8],
    _ kind: CName.Kind,
    _ flags: Int,
    _ operation: String
  ) throws(FilesError) -> DirectoryHandle {
    let code = try unsafe CName.with(name, kind, for: operation) {
      unsafe kist_openat(directory, $0, Int32(flags), 0)
    }
    return DirectoryHandle(
      descriptor: Int32(try SystemCall.check(Int(code), operation, name)),
      name: name
    )
  }

  // MARK: Listing

  private static let listingByteCount = 64 << 10
  /// DT_UNKNOWN and DT_REG.
  private static let unknownType: UInt8 = 0
  private static let regularType: UInt8 = 8

  /// All names but `.` and `..`, in the file system's order.
  package func entries() throws(FilesError) -> [DirectoryEntry] {
    try listing.withLock { _ throws(FilesError) in try readEntries() }
  }

  private func readEntries() throws(FilesError) -> [DirectoryEntry] {
    // From the start, whoever has read before: a handle is shared.
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FilesError("lseek", name, errno) }
    var entries: [DirectoryEntry] = []
    var failure: Int = 0
    unsafe withUnsafeTemporaryAllocation(byteCount: Self.listingByteCount, alignment: 8) { buffer in
      while true {
        let count = unsafe kist_getdents(descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else {
          failure = Int(count)
          return
        }
        unsafe Self.decode(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]), into: &entries)
      }
    }
    _ = try SystemCall.check(failure, "getdents64", name)
    return entries
  }

  /// Source: getdents64(2): inode u64, offset u64, length u16, type u8, name and a zero.
  private static func decode(
    _ bytes: UnsafeRawBufferPointer,
    into entries: inout [DirectoryEntry]
  ) {
    var offset = 0
    while offset + 19 <= bytes.count {
      let length = Int(
        unsafe bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self)
      )
      guard length > 19, offset + length <= bytes.count else { return }
      let name = unsafe bytes[(offset + 19)..<(offset + length)].prefix { $0 != 0 }
      let isDots = unsafe name.allSatisfy { $0 == UInt8(ascii: ".") } && name.count <= 2
      if !isDots {
        let type = unsafe bytes[offset + 18]
        let mayBeFile = type == unknownType || type == regularType
        entries.append(DirectoryEntry(name: unsafe Array(name), mayBeFile: mayBeFile))
      }
      offset += length
    }
  }

  // MARK: Status

  /// Status of this folder.
  package func status() throws(FilesError) -> FileStatus {
    try FileStatus.read(open: descriptor, name)
  }

  /// Status of a name in it; a link's own.
  package func status(of name: [UInt8]) throws(FilesError) -> FileStatus {
    try FileStatus.read(descriptor, name)
  }

  /// A number of the file system that stays the same over mounts, where it has one.
  ///
  /// Source: statfs(2), f_fsid.
  package func fileSystemID() throws(FilesError) -> UInt64 {
    try FileSystem.read(descriptor, name).id
  }

  /// Waits until names made, renamed and removed in this folder are on the disk.
  package func sync() throws(FilesError) {
    guard fsync(descriptor) == 0 else { throw FilesError("fsync", name, errno) }
  }

  // MARK: Files

  /// Opens a file for reading: no link is followed, nothing is waited for, the access time stays where that is allowed.
  package func openForReading(_ name: [UInt8]) throws(FilesError) -> OpenFile {
    let flags = KIST_O_NOFOLLOW | KIST_O_NONBLOCK
    do {
      return try openFile(name, flags | KIST_O_NOATIME, mode: 0)
    } catch {
      guard error.errno == EPERM else { throw error }
      return try openFile(name, flags, mode: 0)
    }
  }

  /// Makes a file, open for reading and writing; refuses if the name is taken.
  package func createFile(_ name: [UInt8], mode: UInt16) throws(FilesError) -> OpenFile {
    try openFile(
      name,
      KIST_O_NOFOLLOW | KIST_O_CREATE_NEW | KIST_O_READ_WRITE,
      mode: mode
    )
  }

  func openFile(_ name: [UInt8], _ flags: Int, mode: UInt16) throws(FilesError) -> OpenFile {
    let code = try unsafe CName.with(name, for: "openat") {
      unsafe kist_openat(descriptor, $0, Int32(flags), UInt32(mode))
    }
    return OpenFile(
      descriptor: Int32(try SystemCall.check(Int(code), "openat", name)),
      name: name
    )
  }
}
