internal import Glibc
internal import SystemPackage

/// The system refused a call on a file.
package struct FilesError: Error, Equatable, Sendable {
  /// The system call.
  package let operationName: String
  /// The file or name that it was about; may be empty.
  package let pathBytes: [UInt8]
  /// The error number.
  package let errno: Int32

  package init(_ operation: String, _ path: [UInt8], _ errno: Int32) {
    operationName = operation
    pathBytes = path
    self.errno = errno
  }

  /// The system's own words.
  package var reason: String { SystemText.reason(errno) }

  /// What the system would answer if it were asked (EPERM).
  package static let notPermitted = Errno.notPermitted.rawValue

  /// What the system answers where a folder stands in the place of a file (EISDIR).
  package static let isFolder = Errno.isDirectory.rawValue

  /// More was written than is taken (EFBIG).
  static let tooMuch = FilesError("read", [], Errno.fileTooLarge.rawValue)
  /// More was there than is taken.
  package var isTooMuch: Bool { code == .fileTooLarge }

  /// A name that leads to another file than before (ESTALE).
  package static func stale(_ path: [UInt8]) -> FilesError {
    FilesError("openat", path, Errno.staleNFSFileHandle.rawValue)
  }
  package var isStale: Bool { code == .staleNFSFileHandle }

  package var isReadOnlyFileSystem: Bool { code == .readOnlyFileSystem }
  package var isNotFound: Bool { code == .noSuchFileOrDirectory }
  package var isExists: Bool { code == .fileExists }
  package var isNoSpace: Bool { code == .noSpace || code == .diskQuotaExceeded }
  /// The disk did not take what was written, or did not confirm it (EIO).
  package var isUnconfirmedWrite: Bool {
    code == .ioError && FilesError.writingOperations.contains(operationName)
  }
  /// The disk could not read what it holds (EIO).
  package var isFailedRead: Bool {
    code == .ioError && FilesError.readingOperations.contains(operationName)
  }
  /// What is in the file cannot be had, though this process may use it: the disk or its file system fails, or something
  /// else stands where the file was.
  package var isUnreadable: Bool {
    code == .ioError || isADirectory || isNotADirectory || FilesError.brokenContent.contains(errno)
  }
  /// EBADMSG, EUCLEAN, EREMOTEIO: what a file system says whose own checks fail, or whose disk is gone.
  private static let brokenContent: Set<Int32> = [EBADMSG, EUCLEAN, EREMOTEIO]
  /// This process, or the machine, has too many files open.
  package var isTooManyFiles: Bool {
    code == .tooManyOpenFiles || code == .tooManyOpenFilesInSystem
  }
  /// The call did not get as far as the file's content: rights, limits, memory, a mount that is gone.
  package var isMachineFault: Bool {
    isPermission || isTooManyFiles || FilesError.machineFaults.contains(code)
  }
  private static let machineFaults: Set<Errno> = [
    .noMemory, .timedOut, .socketNotConnected, .hostIsDown, .noRouteToHost, .connectionRefused,
    .connectionReset, .connectionAbort, .networkDown, .networkUnreachable, .networkReset,
    .operationNotSupportedByDevice, .resourceTemporarilyUnavailable, .noLocks,
  ]
  private static let writingOperations: Set<String> = [
    "write", "pwrite", "fsync", "close", "renameat", "renameat2", "linkat", "unlinkat", "ftruncate",
    "mkdir", "mkdirat",
  ]
  private static let readingOperations: Set<String> = [
    "read", "pread", "open", "openat", "getdents64", "statx", "lseek",
  ]
  package var isPermission: Bool { code == .notPermitted || code == .permissionDenied }
  package var isTooLarge: Bool { code == .fileTooLarge }
  package var isADirectory: Bool { code == .isDirectory }
  /// Another process runs the file, or holds what is asked for.
  package var isBusy: Bool { code == .textFileBusy || code == .resourceBusy }
  /// Nobody reads what is written any more.
  package var isBrokenPipe: Bool { code == .brokenPipe || code == .connectionReset }
  /// The descriptor is closed, or not for this.
  package var isBadDescriptor: Bool { code == .badFileDescriptor }
  /// A signal asked for a stop.
  package var isInterrupted: Bool { code == .interrupted }
  package var isNotADirectory: Bool {
    code == .notDirectory || code == .tooManySymbolicLinkLevels
  }
  /// The file system, or this kind of file, does not know what was asked.
  package var isUnsupported: Bool {
    code == .notSupported || code == .inappropriateIOCTLForDevice || code == .invalidArgument
      || code == .noFunction
  }

  private var code: Errno { Errno(rawValue: errno) }
}

/// The system's words for error numbers.
package enum SystemText {
  /// As in `No such file or directory`.
  package static func reason(_ errno: Int32) -> String { Errno(rawValue: errno).description }
}

/// Turns return values into errors.
enum SystemCall {
  /// For calls that return -errno.
  static func check(_ result: Int, _ operation: String, _ path: [UInt8]) throws(FilesError) -> Int {
    guard result >= 0 else { throw FilesError(operation, path, Int32(clamping: -result)) }
    return result
  }
}
