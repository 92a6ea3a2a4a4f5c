internal import CSignals
internal import Glibc
import Synchronization

/// A program that runs beside this one, and the pipes between them.
///
/// Its signals are as this process got them. The
/// corresponding C functions are `posix_spawnp` and `waitpid`.
package final class ChildProcess: Sendable {
  /// Where a program's standard input comes from.
  package enum Input: Sendable {
    /// From where this process has its own.
    case shared
    /// From this process: `takeInput`.
    case piped
  }

  /// Where a program's standard error goes.
  package enum Errors: Sendable {
    /// Where this process has its own.
    case shared
    /// To this process: `errors`.
    case piped
  }

  /// How a program ended.
  package enum End: Equatable, Sendable {
    case exited(status: Int32)
    case killed(signal: Int32)

    /// The exit status, or 128 and the signal's number, as a shell says it.
    package var shellStatus: Int32 {
      switch self {
      case .exited(let status): status
      case .killed(let signal): 128 + signal
      }
    }
  }

  /// What it writes to its standard output; ends when the program, and all who got it from there, have closed it.
  package let output: OpenFile
  /// What it writes to its standard error, if that is piped.
  package let errors: OpenFile?
  private let input: Mutex<OpenFile?>
  private let number: pid_t
  private let end = Mutex<End?>(nil)

  private static let lookMicroseconds: UInt32 = 5_000
  /// How long a program may take to end when it is asked to.
  private static let patienceMilliseconds = 500

  /// The same for arguments that are text.
  package convenience init(
    _ arguments: [String],
    input kind: Input = .shared,
    errors way: Errors = .shared
  ) throws(FilesError) {
    try self.init(arguments.map { Array($0.utf8) }, input: kind, errors: way)
  }

  /// Starts a program; the first argument is its name, which is looked for in `PATH`.
  ///
  /// There must be one.
  package init(
    _ arguments: [[UInt8]],
    input kind: Input = .shared,
    errors way: Errors = .shared
  ) throws(FilesError) {
    precondition(!arguments.isEmpty)
    let name = arguments[0]
    // A zero ends an argument, so it cannot be in one.
    var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { argument in
      let word = argument.filter { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
      return unsafe strdup(word)
    }
    unsafe words.append(nil)
    defer { unsafe words.forEach { unsafe free($0) } }
    var (from, to, complaints): (Int32, Int32, Int32) = (-1, -1, -1)
    let code =
      switch (kind, way) {
      case (.shared, .shared): unsafe kist_start_child(&words, nil, &from, nil)
      case (.shared, .piped): unsafe kist_start_child(&words, nil, &from, &complaints)
      case (.piped, .shared): unsafe kist_start_child(&words, &to, &from, nil)
      case (.piped, .piped): unsafe kist_start_child(&words, &to, &from, &complaints)
      }
    number = pid_t(try SystemCall.check(Int(code), "posix_spawn", name))
    output = OpenFile(descriptor: from, name: name)
    errors = complaints < 0 ? nil : OpenFile(descriptor: complaints, name: name)
    input = Mutex(to < 0 ? nil : OpenFile(descriptor: to, name: name))
  }

  /// Its standard input, handed over to whoever closes it; `nil` the second time, and if there is no pipe.
  package func takeInput() -> OpenFile? { input.withLock { $0.take() } }

  /// How it ended, if it has ended within so many milliseconds.
  package func end(upToMilliseconds limit: Int) throws(FilesError) -> End? {
    var waited = 0
    while true {
      if let end = try endNow() { return end }
      guard waited < limit else { return nil }
      usleep(ChildProcess.lookMicroseconds)
      waited += Int(ChildProcess.lookMicroseconds) / 1000
    }
  }

  /// Asks it to end.
  package func askToEnd() { kill(number, SIGTERM) }

  /// Asks it to end, and ends it if it does not within half a second.
  package func terminate() {
    do {
      guard try endNow() == nil else { return }
      askToEnd()
      guard try end(upToMilliseconds: ChildProcess.patienceMilliseconds) == nil else { return }
      kill(number, SIGKILL)
      _ = try end(upToMilliseconds: ChildProcess.patienceMilliseconds)
    } catch {
      // Ignored: nobody waits for it any more.
    }
  }

  /// How it ended, if it has.
  func endNow() throws(FilesError) -> End? { try end(WNOHANG) }

  /// Waits for its end, however long that takes.
  func endAtLast() throws(FilesError) -> End {
    while true {
      if let end = try end(0) { return end }
    }
  }

  private func end(_ options: Int32) throws(FilesError) -> End? {
    let outcome: Result<End?, FilesError> = end.withLock { known in
      if let known { return .success(known) }
      var status: Int32 = 0
      let found = unsafe waitpid(number, &status, options)
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
