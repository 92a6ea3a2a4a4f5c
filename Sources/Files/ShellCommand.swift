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
  /// Throws EFBIG if it writes more than `limit` bytes. A signal that asks for a stop ends the
  /// command too, and throws EINTR. The command gets its signals as this process got them.
  package static func output(
    of command: [UInt8],
    limit: Int
  ) throws(FilesError) -> (bytes: [UInt8], status: Int32) {
    let child = try ChildProcess([Array("/bin/sh".utf8), Array("-c".utf8), command])
    do {
      return (
        try child.output.readAllStoppably(limit: limit), try child.endAtLast().shellStatus
      )
    } catch {
      child.terminate()
      throw error
    }
  }
}
