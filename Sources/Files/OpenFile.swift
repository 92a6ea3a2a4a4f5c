internal import CFiles
internal import Glibc
internal import Synchronization

/// An open file; closed when the last reference goes.
package final class OpenFile: Sendable {
  let descriptor: Int32
  private let isClosed = Atomic(false)
  /// For messages.
  let name: [UInt8]
  /// The name under which it was opened, for messages.
  package var pathBytes: [UInt8] { name }

  init(descriptor: Int32, name: [UInt8]) {
    self.descriptor = descriptor
    self.name = name
  }

  deinit { if !isClosed.load(ordering: .acquiring) { _ = Glibc.close(descriptor) } }

  /// Closes a file that was written; nobody may use it any more.
  ///
  /// Some file systems, NFS among them, say only now that the disk did not take what was written.
  package func close() throws(FilesError) {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    try OpenFile.close(descriptor, name)
  }

  /// Asks what `close` would say, and leaves the file open.
  package func confirmWrites() throws(FilesError) {
    let copy = dup(descriptor)
    guard copy >= 0 else { throw FilesError("dup", name, errno) }
    try OpenFile.close(copy, name)
  }

  private static func close(_ descriptor: Int32, _ name: [UInt8]) throws(FilesError) {
    // After a signal too, Linux has closed it.
    guard Glibc.close(descriptor) == 0 || errno == EINTR else {
      throw FilesError("close", name, errno)
    }
  }

  /// Opens a file by path for reading; links are followed.
  package static func open(path: String) throws(FilesError) -> OpenFile {
    try open(Array(path.utf8), flags: 0)
  }

  /// Opens a path for reading, and never waits: a FIFO without a writer opens too.
  package static func openAtOnce(path: String) throws(FilesError) -> OpenFile {
    try openAtOnce(path: Array(path.utf8))
  }

  /// The same for a path that need not be text.
  package static func openAtOnce(path: [UInt8]) throws(FilesError) -> OpenFile {
    try open(path, flags: KIST_O_NONBLOCK)
  }

  private static func open(_ bytes: [UInt8], flags: Int) throws(FilesError) -> OpenFile {
    let descriptor = try unsafe CName.with(bytes, .text, for: "open") {
      unsafe kist_openat(AT_FDCWD, $0, Int32(flags), 0)
    }
    return OpenFile(
      descriptor: Int32(try SystemCall.check(Int(descriptor), "open", bytes)),
      name: bytes
    )
  }

  /// Status of the open file.
  package func status() throws(FilesError) -> FileStatus {
    try FileStatus.read(open: descriptor, name)
  }

  // MARK: Reading

  /// Reads from the current place until the buffer is full or the file ends.
  ///
  /// Returns the count.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FilesError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = unsafe Glibc.read(
        descriptor,
        buffer.baseAddress?.advanced(by: done),
        buffer.count - done
      )
      if count < 0 {
        if errno == EINTR { continue }
        throw FilesError("read", name, errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Reads from `offset` until the buffer is full or the file ends.
  ///
  /// Returns the count.
  package func read(
    at offset: Int64,
    into buffer: UnsafeMutableRawBufferPointer
  )
    throws(FilesError) -> Int
  {
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(
        descriptor,
        buffer.baseAddress?.advanced(by: done),
        buffer.count - done,
        off_t(offset) + done
      )
      if count < 0 {
        if errno == EINTR { continue }
        throw FilesError("pread", name, errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Up to `count` bytes from `offset`; fewer only at the end of the file.
  package func read(at offset: Int64, upTo count: Int) throws(FilesError) -> [UInt8] {
    var failure: FilesError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      do throws(FilesError) {
        written = unsafe try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
        written = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Everything from the current place to the end, which must not be longer than `limit`.
  ///
  /// Works for pipes, and for files whose status does not tell their length.
  package func readAll(limit: Int) throws(FilesError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let wanted = min(1 << 16, limit + 1 - bytes.count)
      var failure: FilesError?
      let part = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, written in
        do throws(FilesError) {
          written = unsafe try read(into: UnsafeMutableRawBufferPointer(buffer))
        } catch {
          failure = error
          written = 0
        }
      }
      if let failure { throw failure }
      bytes += part
      if part.count < wanted { return bytes }
    }
    throw FilesError("read", name, EFBIG)
  }

  /// The first offset at or behind `offset` that holds data; `nil` if only a hole follows.
  package func nextData(from offset: Int64) throws(FilesError) -> Int64? {
    try seek(kist_seek_data(descriptor, offset), unsupported: offset)
  }

  /// The first offset at or behind `offset` that lies in a hole; the file's end counts as one.
  ///
  /// `nil` behind the end.
  package func nextHole(from offset: Int64) throws(FilesError) -> Int64? {
    try seek(kist_seek_hole(descriptor, offset), unsupported: nil)
  }

  private func seek(_ found: Int64, unsupported: Int64?) throws(FilesError) -> Int64? {
    if found >= 0 { return found }
    if found == Int64(-ENXIO) { return nil }
    // A file system that does not know holes has none.
    if found == Int64(-EINVAL) || found == Int64(-EOPNOTSUPP) { return unsupported }
    throw FilesError("lseek", name, Int32(clamping: -found))
  }

  // MARK: Writing

  /// Writes all bytes at the current place.
  package func write(_ bytes: borrowing Span<UInt8>) throws(FilesError) {
    try unsafe Self.writeAll(bytes, name) { pointer, count, _ in
      unsafe Glibc.write(descriptor, pointer, count)
    }
  }

  /// Writes all bytes at `offset`.
  package func write(_ bytes: borrowing Span<UInt8>, at offset: Int64) throws(FilesError) {
    try unsafe Self.writeAll(bytes, name) { pointer, count, done in
      unsafe pwrite(descriptor, pointer, count, off_t(offset) + done)
    }
  }

  private static func writeAll(
    _ bytes: borrowing Span<UInt8>,
    _ name: [UInt8],
    _ call: (UnsafeRawPointer, Int, Int) -> Int
  ) throws(FilesError) {
    var failure: Int32 = 0
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = unsafe UnsafeRawPointer(buffer.baseAddress) else { return }
      var done = 0
      while done < buffer.count {
        let count = unsafe call(base.advanced(by: done), buffer.count - done, done)
        if count < 0 {
          if errno == EINTR { continue }
          failure = errno
          return
        }
        done += count
      }
    }
    guard failure == 0 else { throw FilesError("write", name, failure) }
  }

  /// Cuts or extends the file.
  package func truncate(to byteCount: Int64) throws(FilesError) {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw FilesError("ftruncate", name, errno)
    }
  }

  /// Waits until content and length are on the disk.
  ///
  /// Never called again on a file for which it failed.
  package func sync() throws(FilesError) {
    guard fsync(descriptor) == 0 else { throw FilesError("fsync", name, errno) }
  }
}
