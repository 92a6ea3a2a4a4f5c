internal import CFiles
internal import Glibc

/// Writes a file from its start to its end, past the page cache where the file system lets it.
///
/// A pack is written once and not read soon: pages for it would cost as much time as copying it twice, and drive out what the
/// person's programs want to find there. Whole blocks go from an aligned buffer with O_DIRECT; the end goes the ordinary way.
/// Source: open(2).
@safe
struct UncachedWriter: ~Copyable {
  private let descriptor: Int32
  private let name: [UInt8]
  private let buffer: UnsafeMutableRawBufferPointer
  private var staged = 0
  /// Bytes of the file before what is staged.
  private var writtenByteCount = 0
  private var isDirect = false
  private var mayBeDirect = true

  /// Bytes that are written at once: 1 MiB.
  private static let blockByteCount = 1 << 20

  /// For a file that is open for writing, at its start.
  init(descriptor: Int32, name: [UInt8]) {
    self.descriptor = descriptor
    self.name = name
    unsafe buffer = .allocate(byteCount: UncachedWriter.blockByteCount, alignment: 4096)
  }

  deinit { unsafe buffer.deallocate() }

  /// Appends bytes; they need not be in the file before `finish`.
  mutating func append(_ bytes: borrowing Span<UInt8>) throws(FilesError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe min(bytes.count - done, buffer.count - staged)
      unsafe bytes.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[staged..<staged + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[done..<done + count]))
      }
      done += count
      staged += count
      if unsafe staged == buffer.count { try writeBlock() }
    }
  }

  /// Has the file hold all that was appended, through the page cache; more may follow.
  ///
  /// What is staged stays so, and is written again with its block, which must begin and end where blocks do.
  mutating func flush() throws(FilesError) {
    setDirect(false)
    var done = 0
    while done < staged {
      let written = unsafe pwrite(
        descriptor,
        buffer.baseAddress?.advanced(by: done),
        staged - done,
        writtenByteCount + done
      )
      if written < 0 {
        if errno == EINTR { continue }
        throw FilesError("pwrite", name, errno)
      }
      done += written
    }
  }

  /// Writes what is staged; nothing may be appended after it.
  mutating func finish() throws(FilesError) {
    setDirect(false)
    try write(staged)
    staged = 0
  }

  private mutating func writeBlock() throws(FilesError) {
    if mayBeDirect, !isDirect { setDirect(true) }
    do {
      try write(staged)
    } catch {
      // A file system may take the flag and then not the write, before it has written anything.
      guard isDirect, error.isUnsupported else { throw error }
      mayBeDirect = false
      setDirect(false)
      try write(staged)
    }
    staged = 0
  }

  private mutating func setDirect(_ wanted: Bool) {
    guard wanted != isDirect else { return }
    if kist_set_direct(descriptor, wanted ? 1 : 0) == 0 {
      isDirect = wanted
    } else {
      mayBeDirect = false
    }
  }

  private mutating func write(_ count: Int) throws(FilesError) {
    var done = 0
    while done < count {
      let written = unsafe Glibc.write(
        descriptor,
        buffer.baseAddress?.advanced(by: done),
        count - done
      )
      if written < 0 {
        if errno == EINTR { continue }
        throw FilesError("write", name, errno)
      }
      done += written
      writtenByteCount += written
      // The rest of a short write is no longer aligned.
      if done < count { setDirect(false) }
    }
  }
}
