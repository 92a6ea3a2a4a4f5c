import Files
import Scanning

/// One reading of a file, from its first byte to its last.
struct FileReading {
  let opened: FileStatus
  let after: FileStatus
  let byteCount: UInt64
  /// 1 for the first one.
  let attempt: Int

  init(opened: FileStatus, after: FileStatus, byteCount: UInt64, _ attempt: Int) {
    self.opened = opened
    self.after = after
    self.byteCount = byteCount
    self.attempt = attempt
  }

  /// True if the file changed between its beginning and its end.
  var isTorn: Bool {
    EntryReader.identity(after) != EntryReader.identity(opened) || byteCount != opened.size
  }

  /// True if another one may bring the file as it was at one moment, and does not cost too much.
  var isToBeRepeated: Bool {
    isTorn && attempt < ReadingSizes.tries && after.size <= ReadingSizes.rereadLimit
  }
}
