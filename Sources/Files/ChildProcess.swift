internal import CFiles
internal import Glibc
import Synchronization

/// A program that runs beside this one, and what it writes to its standard output.
///
/// Its standard input and error are this process's own. The corresponding C functions are `posix_spawnp` and `waitpid`.
package final class ChildProcess: Sendable {
  /// How a program ended.
  package enum End: Equatable, Sendable {
    case exited(status: Int32)
    case killed(signal: Int32)
  }

  /// What it writes; ends when the program, and all who got it from there, have closed it.
  package let output: OpenFile
  private let number: pid_t
  private let end = Mutex<End?>(nil)

  /// Starts a program; the first argument is its name, which is looked for in `PATH`.
  ///
  /// There must be one.
  package init(_ arguments: [String]) throws(FilesError) {
    precondition(!arguments.isEmpty)
    let name = Array(arguments[0].utf8)
    var bytes: [CChar] = []
    for argument in arguments {
      // A zero ends an argument, so it cannot be in one.
      bytes += argument.utf8.filter { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
    }
    var process: Int32 = 0
    var descriptor: Int32 = -1
    let code = unsafe kist_spawn(bytes, arguments.count, &process, &descriptor)
    _ = try SystemCall.check(Int(code), "posix_spawn", name)
    number = process
    output = OpenFile(descriptor: descriptor, name: name)
  }

  /// How it ended, if it has ended within so many milliseconds.
  package func end(upToMilliseconds limit: Int) throws(FilesError) -> End? {
    var waited = 0
    while true {
      if let end = try endNow() { return end }
      guard waited < limit else { return nil }
      usleep(5_000)
      waited += 5
    }
  }

  /// Asks it to end, and ends it if it does not within half a second.
  package func terminate() {
    do {
      guard try endNow() == nil else { return }
      kill(number, SIGTERM)
      guard try end(upToMilliseconds: 500) == nil else { return }
      kill(number, SIGKILL)
      _ = try end(upToMilliseconds: 500)
    } catch {
      // Ignored: nobody waits for it any more.
    }
  }

  private func endNow() throws(FilesError) -> End? {
    let outcome: Result<End?, FilesError> = end.withLock { known in
      if let known { return .success(known) }
      var status: Int32 = 0
      let found = unsafe waitpid(number, &status, WNOHANG)
      guard found >= 0 || errno == EINTR else {
        return .failure(FilesError("waitpid", output.name, errno))
      }
      guard found == number else { return .success(nil) }
      let signal = status & 0x7F
      known = signal == 0 ? .exited(status: (status >> 8) & 0xFF) : .killed(signal: signal)
      return .success(known)
    }
    return try outcome.get()
  }
}
