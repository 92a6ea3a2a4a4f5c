internal import CSignals
internal import Glibc

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
    let name = command
    var output: Int32 = -1
    let process = try unsafe CName.with(name, .text, for: "posix_spawn") {
      unsafe kist_start_shell($0, nil, &output)
    }
    _ = try SystemCall.check(Int(process), "posix_spawn", name)
    let bytes: [UInt8]
    do {
      bytes = try OpenFile(descriptor: output, name: name).readAllStoppably(limit: limit)
    } catch {
      // With its only reader gone, a command that still writes is ended by that.
      if error.isInterrupted { _ = kill(process, SIGTERM) }
      _ = try wait(for: process, name)
      throw error
    }
    return (bytes, try wait(for: process, name))
  }

  private static func wait(for process: pid_t, _ name: [UInt8]) throws(FilesError) -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw FilesError("waitpid", name, errno) }
    }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}
