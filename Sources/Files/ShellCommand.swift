internal import CSignals
internal import Glibc

/// Runs a command of the person's own through the shell.
package enum ShellCommand {
  /// What the command wrote to standard output, and its exit status; 128 and more for a signal.
  ///
  /// Throws EFBIG if it writes more than `limit` bytes. A signal that asks for a stop ends the
  /// command too, and throws EINTR. The command gets its signals as this process got them.
  package static func output(
    of command: String,
    limit: Int
  ) throws(FilesError) -> (bytes: [UInt8], status: Int32) {
    let name = Array(command.utf8)
    var output: Int32 = -1
    let process = try unsafe CName.with(name, .text, for: "posix_spawn") {
      unsafe kist_start_shell($0, nil, &output)
    }
    _ = try SystemCall.check(Int(process), "posix_spawn", name)
    let bytes: [UInt8]
    do {
      bytes = try read(OpenFile(descriptor: output, name: name), limit: limit)
    } catch {
      // With its only reader gone, a command that still writes is ended by that.
      if error.isInterrupted { _ = kill(process, SIGTERM) }
      _ = try wait(for: process, name)
      throw error
    }
    return (bytes, try wait(for: process, name))
  }

  private static func read(_ file: OpenFile, limit: Int) throws(FilesError) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe kist_read_stoppable(file.descriptor, &part, part.count)
      if try SystemCall.check(count, "read", file.name) == 0 { return bytes }
      bytes += part[..<count]
      guard bytes.count <= limit else { throw FilesError("read", file.name, EFBIG) }
    }
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
