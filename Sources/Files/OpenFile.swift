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

  /// What there is to read, up to `limit` bytes; waits for the first of them.
  ///
  /// Empty at the end; `nil` if nothing came in time.
  package func readAvailable(
    upTo limit: Int,
    waitMilliseconds: Int
  ) throws(FilesError) -> [UInt8]? {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = unsafe poll(&wanted, 1, Int32(clamping: waitMilliseconds))
    if ready == 0 || (ready < 0 && errno == EINTR) { return nil }
    guard ready > 0 else { throw FilesError("poll", name, errno) }
    var failure: Int32 = 0
    var isInterrupted = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, written in
      let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      written = max(0, count)
      guard count < 0 else { return }
      isInterrupted = errno == EINTR || errno == EAGAIN
      failure = errno
    }
    if isInterrupted { return nil }
    guard failure == 0 else { throw FilesError("read", name, failure) }
    return bytes
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

  // MARK: Streams

  /// Standard input, under a descriptor of its own.
  package static func standardInput() throws(FilesError) -> OpenFile {
    let name = Array("standard input".utf8)
    let descriptor = kist_duplicate(0)
    return OpenFile(
      descriptor: Int32(try SystemCall.check(Int(descriptor), "fcntl", name)),
      name: name
    )
  }

  /// The end of a stream that a program hands over, for reading; closed with the last reference.
  package static func takingOver(reader descriptor: Int32) -> OpenFile {
    OpenFile(descriptor: descriptor, name: Array("a stream".utf8))
  }

  /// The end of a stream that a program hands over, for writing; closed with the last reference.
  package static func takingOver(writer descriptor: Int32) -> OpenFile {
    let name = Array("a stream".utf8)
    let given = OpenFile(descriptor: descriptor, name: name)
    // Opened anew, a pipe need not be waited for, and whoever shares it does not find it changed.
    let own = kist_reopen_pipe(descriptor)
    return own < 0 ? given : OpenFile(descriptor: own, name: name)
  }

  /// Lets a pipe hold 1 MiB; what is none, or may not be made wider, stays as it is.
  package func widenPipe() { kist_widen_pipe(descriptor, 1 << 20) }

  /// Waits at most so long; true if a read would not wait now.
  package func isReadable(withinMilliseconds limit: Int32) throws(FilesError) -> Bool {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let count = unsafe poll(&wanted, 1, limit)
    guard count >= 0 || errno == EINTR else { throw FilesError("poll", name, errno) }
    return count > 0
  }

  /// Reads what is there, at least a byte, unless the file ends.
  ///
  /// Returns the count.
  package func readAvailable(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(FilesError) -> Int {
    while true {
      let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR || errno == EAGAIN else { throw FilesError("read", name, errno) }
      if errno == EAGAIN { _ = try isReadable(withinMilliseconds: 100) }
    }
  }

  // MARK: Writing

  /// Writes all bytes at the current place.
  package func write(_ bytes: borrowing Span<UInt8>) throws(FilesError) {
    try unsafe Self.writeAll(bytes, name) { pointer, count, _ in
      unsafe Glibc.write(descriptor, pointer, count)
    }
  }

  /// Writes what a stream takes now; waits for the first of it, but only so long.
  ///
  /// Returns the count: 0 if nothing was taken.
  package func writeAvailable(
    _ bytes: ArraySlice<UInt8>,
    waitMilliseconds: Int
  ) throws(FilesError) -> Int {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let ready = unsafe poll(&wanted, 1, Int32(clamping: waitMilliseconds))
    if ready == 0 || (ready < 0 && errno == EINTR) { return 0 }
    guard ready > 0 else { throw FilesError("poll", name, errno) }
    let count = unsafe bytes.withUnsafeBytes {
      unsafe kist_write_some(descriptor, $0.baseAddress, $0.count)
    }
    if count >= 0 { return count }
    guard count == -Int(EINTR) || count == -Int(EAGAIN) else {
      throw FilesError("write", name, Int32(clamping: -count))
    }
    return 0
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

  // MARK: Attributes

  package func setOwner(uid: UInt32, gid: UInt32) throws(FilesError) {
    guard fchown(descriptor, uid, gid) == 0 else { throw FilesError("fchown", name, errno) }
  }

  package func setMode(_ mode: UInt16) throws(FilesError) {
    guard fchmod(descriptor, mode_t(mode)) == 0 else { throw FilesError("fchmod", name, errno) }
  }

  /// Sets the modification time and leaves the access time.
  package func setTimes(modification: Timestamp) throws(FilesError) {
    let times = try TimePair.modification(modification, of: name)
    guard unsafe futimens(descriptor, times) == 0 else {
      throw FilesError("futimens", name, errno)
    }
  }

  /// Inode flags (FS_IOC_GETFLAGS); `nil` where the file system has none.
  package func inodeFlags() throws(FilesError) -> UInt32? {
    try InodeFlags.get(descriptor, name)
  }

  /// Adds inode flags to those that are set.
  package func setInodeFlags(adding flags: UInt32) throws(FilesError) {
    try InodeFlags.add(flags, descriptor, name)
  }

  /// Gives the file exactly these inode flags.
  package func setInodeFlags(replacing flags: UInt32) throws(FilesError) {
    _ = try SystemCall.check(Int(kist_set_flags(descriptor, flags)), "FS_IOC_SETFLAGS", name)
  }

  /// All extended attributes, sorted by name; throws if one cannot be read.
  package func extendedAttributes() throws(FilesError) -> [ExtendedAttribute] {
    try readExtendedAttributes().whole()
  }

  /// The extended attributes, as far as they can be read.
  package func readExtendedAttributes() throws(FilesError) -> AttributeReading {
    try ExtendedAttributes.read(name: name, DescriptorAttributes(descriptor: descriptor))
  }

  package func setExtendedAttribute(_ attribute: [UInt8], _ value: [UInt8]) throws(FilesError) {
    try ExtendedAttributes.set(descriptor, attribute, value, name)
  }

  package func removeExtendedAttribute(_ attribute: [UInt8]) throws(FilesError) {
    try ExtendedAttributes.remove(descriptor, attribute, name)
  }
}

/// Times as utimensat(2) takes them.
enum TimePair {
  private static let nanosecondLimit: UInt32 = 1_000_000_000

  /// Leaves the access time as it is.
  ///
  /// Throws EINVAL for nanoseconds that are none: some of them would mean `now`, or `as it is`.
  static func modification(
    _ time: Timestamp,
    of name: [UInt8]
  ) throws(FilesError) -> [timespec] {
    guard time.nanoseconds < nanosecondLimit else { throw FilesError("utimensat", name, EINVAL) }
    return [
      timespec(tv_sec: 0, tv_nsec: Int((1 << 30) - 2)),  // UTIME_OMIT
      timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
    ]
  }
}

/// The ioctls for inode flags.
enum InodeFlags {
  static func get(_ descriptor: Int32, _ name: [UInt8]) throws(FilesError) -> UInt32? {
    var flags: UInt32 = 0
    let code = unsafe kist_get_flags(descriptor, &flags)
    if code == 0 { return flags }
    let error = FilesError("FS_IOC_GETFLAGS", name, -code)
    if error.isUnsupported || error.isPermission { return nil }
    throw error
  }

  static func add(_ flags: UInt32, _ descriptor: Int32, _ name: [UInt8]) throws(FilesError) {
    let present = try get(descriptor, name) ?? 0
    guard present | flags != present else { return }
    _ = try SystemCall.check(
      Int(kist_set_flags(descriptor, present | flags)),
      "FS_IOC_SETFLAGS",
      name
    )
  }
}
