internal import Glibc

/// Looks at a data file without the library.
enum DataFile {
  private static let attempts = 4
  private static let pauseMicroseconds: UInt32 = 5000

  /// Throws `damaged` if the file is there and shorter than one of its meta pages says.
  ///
  /// A mapped file that was cut short would end the process when a lost page is read.
  static func check(path: String) throws(LMDBError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return }
      throw .system(operation: "open", errno: errno)
    }
    defer { _ = close(descriptor) }
    // Another process may be between its commit and making the file as long as it says, or may have
    // committed between one meta page and the next: a file that looks damaged is looked at again.
    for _ in 1..<attempts {
      if try isSound(descriptor) { return }
      _ = usleep(pauseMicroseconds)
    }
    guard try isSound(descriptor) else {
      throw .damaged("the data file is shorter than its meta pages say, or they do not fit")
    }
  }

  /// Has the file closed in programs that this one starts or becomes.
  static func closeOnExec(_ descriptor: Int32) throws(LMDBError) {
    guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
      throw .system(operation: "fcntl", errno: errno)
    }
  }

  /// Length in bytes.
  static func byteCount(_ descriptor: Int32) throws(LMDBError) -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .system(operation: "fstat", errno: errno)
    }
    return status.st_size
  }

  /// Adds a hole at the end; with `synced`, the new length is on the disk when this returns.
  static func lengthen(
    _ descriptor: Int32,
    to byteCount: Int,
    _ durability: Durability
  ) throws(LMDBError) {
    guard ftruncate(descriptor, byteCount) == 0 else {
      throw .system(operation: "ftruncate", errno: errno)
    }
    guard durability == .synced else { return }
    guard fdatasync(descriptor) == 0 else { throw .system(operation: "fdatasync", errno: errno) }
  }

  // The meta pages are read before the length: a commit in between can only make the file longer.
  // They are written in turn, each with the number of its transaction.
  private static func isSound(_ descriptor: Int32) throws(LMDBError) -> Bool {
    if try byteCount(descriptor) == 0 { return true }
    let first = try MetaPage(readingFrom: descriptor, at: 0)
    let second = try MetaPage(readingFrom: descriptor, at: first.pageByteCount)
    guard first.pageByteCount == second.pageByteCount else {
      throw .damaged("pages of \(first.pageByteCount) and of \(second.pageByteCount) bytes")
    }
    let stated = max(first.statedByteCount, second.statedByteCount)
    let found = try UInt64(byteCount(descriptor))
    return MetaPage.areNeighbours(first, second) && found >= stated
  }
}
