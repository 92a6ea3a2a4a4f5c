internal import CFiles
internal import Glibc
import Synchronization

/// A second way into a file that is being written: whole blocks go past the page cache.
///
/// Safe to use from several threads for places that do not overlap. What lies at the edges of a place, and everything after
/// a refusal, goes the ordinary way. Source: open(2), O_DIRECT.
package final class UncachedFile: Sendable {
  private let descriptor: Int32
  private let file: OpenFile
  private let isRefused = Atomic<Bool>(false)

  /// Less is not worth the disk's answer: 64 KiB.
  private static let leastByteCount = 64 << 10

  fileprivate init(descriptor: Int32, file: OpenFile) {
    self.descriptor = descriptor
    self.file = file
  }

  deinit { _ = Glibc.close(descriptor) }

  /// Writes all bytes at `offset`.
  package func write(
    _ bytes: borrowing Span<UInt8>,
    at offset: Int64,
    through buffer: BlockBuffer
  ) throws(FilesError) {
    let block = Int64(BlockBuffer.blockByteCount)
    let end = offset + Int64(bytes.count)
    let first = (offset + block - 1) / block * block
    let last = end / block * block
    guard last - first >= Int64(UncachedFile.leastByteCount),
      !isRefused.load(ordering: .relaxed)
    else { return try file.write(bytes, at: offset) }
    if first > offset {
      try file.write(bytes.extracting(0..<Int(first - offset)), at: offset)
    }
    var position = first
    while position < last {
      let start = Int(position - offset)
      let count = min(Int(last - position), BlockBuffer.byteCount)
      try writeBlocks(bytes.extracting(start..<start + count), at: position, through: buffer)
      position += Int64(count)
    }
    if end > last { try file.write(bytes.extracting(Int(last - offset)..<bytes.count), at: last) }
  }

  private func writeBlocks(
    _ bytes: borrowing Span<UInt8>,
    at offset: Int64,
    through buffer: BlockBuffer
  ) throws(FilesError) {
    var written = 0
    if !isRefused.load(ordering: .relaxed) {
      written = buffer.write(bytes, to: descriptor, at: offset)
      // The ordinary way says why, or does it: a file system may take the flag and then not the write.
      if written < bytes.count { isRefused.store(true, ordering: .relaxed) }
    }
    if written < bytes.count {
      try file.write(bytes.extracting(written..<bytes.count), at: offset + Int64(written))
    }
  }
}

/// Memory from which blocks can be written past the page cache: 1 MiB.
///
/// One a thread.
@safe
package final class BlockBuffer {
  private let buffer: UnsafeMutableRawBufferPointer

  static let byteCount = 1 << 20
  /// No file system that is written so has larger blocks than pages.
  static let blockByteCount = 4096

  package init() {
    unsafe buffer = .allocate(
      byteCount: BlockBuffer.byteCount,
      alignment: BlockBuffer.blockByteCount
    )
  }

  deinit { unsafe buffer.deallocate() }

  /// Writes bytes by one call; at most what the buffer holds.
  ///
  /// Returns how many were written.
  fileprivate func write(
    _ bytes: borrowing Span<UInt8>,
    to descriptor: Int32,
    at offset: Int64
  ) -> Int {
    unsafe bytes.withUnsafeBytes { unsafe buffer.copyMemory(from: $0) }
    while true {
      let count = unsafe pwrite(descriptor, buffer.baseAddress, bytes.count, off_t(offset))
      if count < 0, errno == EINTR { continue }
      return max(0, count)
    }
  }
}

extension DirectoryHandle {
  /// Opens a new file a second time, past the page cache, and reserves room for its content.
  ///
  /// `nil` where nothing is gained by that; only the file's length may have changed then. Throws where there is no room.
  package func openUncached(
    _ name: [UInt8],
    of file: OpenFile,
    byteCount: Int64
  ) throws(FilesError) -> UncachedFile? {
    guard try FileSystem.read(file.descriptor, name).gainsByDirectWrites else { return nil }
    let flags = KIST_O_NOFOLLOW | KIST_O_NONBLOCK | KIST_O_READ_WRITE | KIST_O_DIRECT
    let descriptor = try unsafe CName.with(name, for: "openat") {
      unsafe kist_openat(self.descriptor, $0, Int32(flags), 0)
    }
    guard descriptor >= 0 else { return nil }
    let uncached = UncachedFile(descriptor: descriptor, file: file)
    let (found, wanted) = (try FileStatus.read(open: descriptor, name), try file.status())
    guard found.inode == wanted.inode, found.device == wanted.device else { return nil }
    let code = kist_reserve(file.descriptor, byteCount)
    if code == 0 { return uncached }
    let error = FilesError("fallocate", name, -code)
    guard !error.isNoSpace else { throw error }
    // Inside its length a file may be written by several at once.
    try file.truncate(to: byteCount)
    return uncached
  }
}
