internal import Glibc

/// Standard output as the place of a result that must arrive whole.
package enum StandardOutput {
  /// Writes all bytes; unlike `StandardStreams.write`, says when that is not possible.
  package static func write(_ bytes: borrowing Span<UInt8>) throws(FilesError) {
    var failure: Int32 = 0
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = unsafe UnsafeRawPointer(buffer.baseAddress) else { return }
      var done = 0
      while done < buffer.count {
        let count = unsafe Glibc.write(1, base.advanced(by: done), buffer.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          failure = errno
          return
        }
        done += count
      }
    }
    guard failure == 0 else { throw FilesError("write", [], failure) }
  }
}
