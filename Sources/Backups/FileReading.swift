import Files
import Scanning

/// One reading of a file, from its first byte to its last.
struct FileReading {
  let opened: FileStatus
  let after: FileStatus
  let byteCount: UInt64
  /// 1 for the first one.
  let attempt: Int
  /// True if the file was changed at the moment when it began, though that had been waited for.
  let isFresh: Bool

  init(
    opened: FileStatus,
    isFresh: Bool,
    after: FileStatus,
    byteCount: UInt64,
    _ attempt: Int
  ) {
    self.isFresh = isFresh
    self.opened = opened
    self.after = after
    self.byteCount = byteCount
    self.attempt = attempt
  }

  /// True if the file changed between its beginning and its end, or may have.
  var isTorn: Bool {
    isFresh || EntryReader.identity(after) != EntryReader.identity(opened)
      || byteCount != opened.size
  }

  /// True if another one may bring the file as it was at one moment, and does not cost too much.
  var isToBeRepeated: Bool {
    // Where times are whole seconds, each one costs two of them.
    isTorn && attempt < ReadingSizes.tries && after.size <= ReadingSizes.rereadLimit
      && !(isFresh && FileStamp.isCoarse(opened.change))
  }
}
