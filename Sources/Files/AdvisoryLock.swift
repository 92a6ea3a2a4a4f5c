internal import CFiles
internal import Glibc

/// A lock on a file that holds between processes and between handles, and dies with its process.
///
/// The corresponding fcntl command is F_OFD_SETLK.
package final class AdvisoryLock: Sendable {
  private let file: OpenFile
  fileprivate static let pollMilliseconds = 10

  private init(file: OpenFile) { self.file = file }

  /// Locks an existing file exclusively; `nil` if another has it and the time is over.
  package static func acquire(
    in folder: DirectoryHandle,
    name: [UInt8],
    waitMilliseconds: Int
  ) throws(FilesError) -> AdvisoryLock? {
    let file = try folder.openFile(
      name,
      KIST_O_NOFOLLOW | KIST_O_READ_WRITE,
      mode: 0
    )
    var waited = 0
    while true {
      let code = kist_lock(file.descriptor, 1)
      if code == 0 { return AdvisoryLock(file: file) }
      guard code == -EAGAIN || code == -EACCES else { throw FilesError("fcntl", name, -code) }
      guard waited < waitMilliseconds else { return nil }
      usleep(UInt32(pollMilliseconds) * 1000)
      waited += pollMilliseconds
    }
  }

  /// Gives the lock back.
  package func release() {
    _ = kist_unlock(file.descriptor)
  }
}

extension DirectoryHandle {
  /// Locks the folder; throws EWOULDBLOCK if another has it for so long.
  ///
  /// The corresponding C function is `flock`.
  package func lock(waitMilliseconds: Int) throws(FilesError) {
    var waited = 0
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EINTR || errno == EWOULDBLOCK, waited < waitMilliseconds else {
        throw FilesError("flock", name, errno)
      }
      usleep(UInt32(AdvisoryLock.pollMilliseconds) * 1000)
      waited += AdvisoryLock.pollMilliseconds
    }
  }

  /// Gives the lock back.
  package func unlock() { _ = flock(descriptor, LOCK_UN) }
}
