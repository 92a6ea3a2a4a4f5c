import Browsing
import Files
import LMDB

/// Standard output of a command that writes much: lines are collected, and what cannot be written is an error.
final class ResultOutput {
  private var buffer: [UInt8] = []
  private static let byteLimit = 1 << 16

  init() { buffer.reserveCapacity(2 * ResultOutput.byteLimit) }

  /// A line of text.
  func line(_ line: String) throws(BrowsingError) {
    buffer += line.utf8
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= ResultOutput.byteLimit { try flush() }
  }

  /// Text as it is.
  func text(_ text: String) throws(BrowsingError) {
    buffer += text.utf8
    if buffer.count >= ResultOutput.byteLimit { try flush() }
  }

  /// Bytes as they are.
  func write(_ bytes: ArraySlice<UInt8>) throws(BrowsingError) {
    buffer += bytes
    if buffer.count >= ResultOutput.byteLimit { try flush() }
  }

  /// Writes what was collected; to be called once at the end.
  func flush() throws(BrowsingError) {
    guard !buffer.isEmpty else { return }
    // A second run of the command would write it twice.
    CacheFaults.forbidRerun()
    var bytes: [UInt8] = []
    swap(&bytes, &buffer)
    do {
      try StandardOutput.write(bytes.span)
    } catch {
      throw .output(error)
    }
    bytes.removeAll(keepingCapacity: true)
    swap(&bytes, &buffer)
  }
}
