internal import CFiles
internal import Glibc

extension OpenFile {
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
}
