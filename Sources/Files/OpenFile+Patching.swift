internal import CFiles
internal import Glibc

extension OpenFile {
  /// Bytes that one call of copy_file_range(2) is asked for: 1 GiB.
  private static let copiedByteCount = 1 << 30
  /// Bytes that are copied at once where the kernel does not do it: 1 MiB.
  private static let bufferByteCount = 1 << 20

  /// Gives this empty file the content of another, sharing its blocks.
  ///
  /// False where the file system cannot do that; nothing was changed then. Source: ioctl_ficlone(2).
  package func clone(from other: OpenFile) throws(FilesError) -> Bool {
    let code = kist_clone(descriptor, other.descriptor)
    if code == 0 { return true }
    let error = FilesError("FICLONE", name, -code)
    // EXDEV: another file system; ETXTBSY: a swap file.
    if error.isUnsupported || -code == EXDEV || -code == ETXTBSY || -code == EPERM { return false }
    throw error
  }

  /// Copies a range of another file to the same place in this one; holes of the other are left unwritten.
  ///
  /// The other must not be shorter: what it lacks reads as zeros here.
  package func copy(_ range: Range<UInt64>, from other: OpenFile) throws(FilesError) {
    var offset = Int64(clamping: range.lowerBound)
    let end = Int64(clamping: range.upperBound)
    while offset < end {
      guard let data = try other.nextData(from: offset), data < end else { return }
      let stop = min(try other.nextHole(from: data) ?? end, end)
      // A file system that changes its mind would keep us here for ever.
      guard stop > data else { return }
      try copyData(data, stop, from: other)
      offset = stop
    }
  }

  private func copyData(_ start: Int64, _ end: Int64, from other: OpenFile) throws(FilesError) {
    var offset = start
    while offset < end {
      let wanted = Int(min(end - offset, Int64(OpenFile.copiedByteCount)))
      let copied = kist_copy_range(other.descriptor, descriptor, offset, wanted)
      if copied > 0 {
        offset += Int64(copied)
        continue
      }
      if copied == 0 { return }
      let error = FilesError("copy_file_range", name, Int32(clamping: -copied))
      guard error.isUnsupported || error.errno == EXDEV || error.isPermission else { throw error }
      return try copyByHand(offset, end, from: other)
    }
  }

  private func copyByHand(_ start: Int64, _ end: Int64, from other: OpenFile) throws(FilesError) {
    var offset = start
    while offset < end {
      let wanted = Int(min(end - offset, Int64(OpenFile.bufferByteCount)))
      let bytes = try other.read(at: offset, upTo: wanted)
      if bytes.isEmpty { return }
      try write(bytes.span, at: offset)
      offset += Int64(bytes.count)
    }
  }

  /// Makes a range read as zeros and take no room; false where the file system cannot do that.
  ///
  /// Source: fallocate(2).
  package func punchHole(_ range: Range<UInt64>) throws(FilesError) -> Bool {
    let start = Int64(clamping: range.lowerBound)
    let code = kist_punch_hole(descriptor, start, Int64(clamping: range.upperBound) - start)
    if code == 0 { return true }
    let error = FilesError("fallocate", name, -code)
    if error.isUnsupported { return false }
    throw error
  }

  /// Lets the kernel forget what it holds of this file, so that a read asks the disk.
  ///
  /// Only advice; what is not written yet stays. Source: posix_fadvise(2).
  package func forgetCache() {
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
  }

  /// Locks the whole file against other openings of it, without waiting; false if it is locked.
  ///
  /// Ends when the file is closed. Where the file system has no locks, true.
  package func tryLock() -> Bool {
    let code = kist_lock(descriptor, 1)
    return code != -EAGAIN && code != -EACCES
  }
}

extension DirectoryHandle {
  /// Opens a file that is there for reading and writing: no link is followed, nothing is waited for.
  package func openForWriting(_ name: [UInt8]) throws(FilesError) -> OpenFile {
    try openFile(name, KIST_O_NOFOLLOW | KIST_O_NONBLOCK | KIST_O_READ_WRITE, mode: 0)
  }
}
