internal import Glibc
internal import Synchronization

/// Standard output as the place of a result that must arrive whole.
package enum StandardOutput {
  /// The error number of the first words that were lost; 0 if none were.
  ///
  /// A process has one standard output, and so one answer to whether it took everything.
  private static let lossNumber = Atomic<Int32>(0)

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

  /// Notes that something could not be written, where the work goes on all the same.
  package static func noteLoss(_ error: FilesError) {
    _ = lossNumber.compareExchange(
      expected: 0,
      desired: error.errno,
      ordering: .sequentiallyConsistent
    )
  }

  /// Closes it at the end of the process: some file systems say only now that they did not take what was written.
  package static func close() {
    // Who started this process may have closed it already.
    guard Glibc.close(1) != 0, errno != EBADF, errno != EINTR else { return }
    noteLoss(FilesError("close", [], errno))
  }

  /// Why the first words that were lost could not be written; `nil` if none were.
  package static var loss: FilesError? {
    let number = lossNumber.load(ordering: .sequentiallyConsistent)
    return number == 0 ? nil : FilesError("write", [], number)
  }
}
