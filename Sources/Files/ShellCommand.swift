/// Runs a command of the person's own through the shell.
package enum ShellCommand {
  /// The same for a command that is text.
  package static func output(
    of command: String,
    limit: Int
  ) throws(FilesError) -> (bytes: [UInt8], status: Int32) {
    try output(of: Array(command.utf8), limit: limit)
  }

  /// What the command wrote to standard output, and its exit status; 128 and more for a signal.
  ///
  /// It is read until the command has ended, even where something that it started still has its output open.
  /// Throws EFBIG if it writes more than `limit` bytes. A signal that asks for a stop ends the
  /// command too, and throws EINTR. The command gets its signals as this process got them.
  package static func output(
    of command: [UInt8],
    limit: Int
  ) throws(FilesError) -> (bytes: [UInt8], status: Int32) {
    let child = try ChildProcess([Array("/bin/sh".utf8), Array("-c".utf8), command])
    do {
      return (try output(of: child, limit: limit), try child.endAtLast().shellStatus)
    } catch {
      child.terminate()
      throw error
    }
  }

  private static func output(
    of child: ChildProcess,
    limit: Int
  ) throws(FilesError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      // Asked before the look: what was written before the end is there then.
      let hasEnded = try child.endNow() != nil
      let part = try child.output.readStoppably(
        upTo: limit,
        waitMilliseconds: hasEnded ? 0 : lookMilliseconds
      )
      guard let part else {
        if hasEnded { return bytes }
        continue
      }
      if part.isEmpty { return bytes }
      bytes += part
      guard bytes.count <= limit else { throw FilesError.tooMuch }
    }
  }

  private static let lookMilliseconds = 50
}
