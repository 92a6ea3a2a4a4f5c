internal import Glibc

/// The file in which the processes that use an environment find each other.
enum LockFile {
  /// As long as the library makes it: 64 bytes for each of 126 readers, and as much for its head.
  private static let byteCount: off_t = 8192

  /// Has the file system keep room for the whole file; makes it if it is not there.
  ///
  /// The library maps it and writes to the map, and on a full disk such a write ends the process.
  static func reserve(path: String) throws(LMDBError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      if errno == ENOSPC || errno == EDQUOT { throw .noSpace }
      // The library meets the same when it opens the file, and says so.
      return
    }
    defer { _ = close(descriptor) }
    let code = posix_fallocate(descriptor, 0, byteCount)
    // What else there may be says nothing about room: not every file system can keep it.
    if code == ENOSPC || code == EDQUOT { throw .noSpace }
  }
}
