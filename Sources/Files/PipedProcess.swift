internal import CFiles
internal import Glibc
import Synchronization

/// A program that was started with pipes as its standard input and output.
///
/// Its standard error is this process's. The corresponding C functions are posix_spawnp(3) and waitpid(2).
package final class PipedProcess: Sendable {
  /// What the program writes to its standard output.
  package let output: OpenFile
  /// What the program reads from its standard input; closed by dropping every reference.
  private let input: Mutex<OpenFile?>
  private let process: pid_t
  private let status = Mutex<Int32?>(nil)

  /// Starts a program that is looked for along PATH.
  package static func start(_ arguments: [String]) throws(FilesError) -> PipedProcess {
    let name = Array((arguments.first ?? "").utf8)
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    var ends = kist_child()
    let code = unsafe kist_spawn_piped(&pointers, &ends)
    guard code == 0 else { throw FilesError("posix_spawn", name, -code) }
    return PipedProcess(
      process: ends.process,
      output: OpenFile(descriptor: ends.output, name: name),
      input: OpenFile(descriptor: ends.input, name: name)
    )
  }

  private init(process: pid_t, output: OpenFile, input: OpenFile) {
    self.process = process
    self.output = output
    self.input = Mutex(input)
  }

  /// The program's standard input, handed over to whoever closes it; `nil` the second time.
  package func takeInput() -> OpenFile? { input.withLock { $0.take() } }

  /// Waits for the end; the exit status, or 128 and the signal's number.
  ///
  /// What it still writes is thrown away. One that does not stop writing, or has not ended after 10 s, is told to end; after
  /// 5 s more it is ended.
  package func wait() -> Int32 {
    status.withLock { status in
      if let status { return status }
      var raw: Int32 = 0
      discardRest()
      guard reap(&raw) else { return 127 }
      let found = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
      status = found
      return found
    }
  }

  /// Tells the program to end, if it has not, and waits for that.
  package func end() -> Int32 {
    status.withLock { if $0 == nil { kill(process, SIGTERM) } }
    return wait()
  }
}

extension PipedProcess {
  /// Bytes that a program may write after nobody listens any more: 1 MiB.
  private static let restLimit = 1 << 20
  private static let pollMilliseconds = 200
  /// Rounds of `pollMilliseconds` after which a program is told to end, and those after which it is ended.
  private static let termRounds = 50
  private static let killRounds = 75

  /// Reads until the program closes its output: else it might wait for its reader for ever.
  ///
  /// Gives up when it does not stop, or says nothing.
  private func discardRest() {
    var count = 0
    var silentRounds = 0
    do throws(FilesError) {
      while count <= PipedProcess.restLimit, silentRounds < PipedProcess.termRounds {
        guard
          let bytes = try output.readAvailable(
            upTo: 65_536,
            waitMilliseconds: PipedProcess.pollMilliseconds
          )
        else {
          // Somebody else may still have its output open.
          if hasEnded { return }
          silentRounds += 1
          continue
        }
        if bytes.isEmpty { return }
        count += bytes.count
      }
    } catch {
      // Ignored: what it wrote is not wanted.
      return
    }
    kill(process, SIGTERM)
  }

  /// True if the program has ended; its status stays for `reap`.
  private var hasEnded: Bool {
    var found = unsafe siginfo_t()
    let code = unsafe waitid(P_PID, id_t(process), &found, WEXITED | WNOHANG | WNOWAIT)
    return unsafe code == 0 && found.si_signo == SIGCHLD
  }

  /// Waits for the end, and sees to it that it comes; false if there is nothing to wait for.
  private func reap(_ raw: inout Int32) -> Bool {
    var rounds = 0
    while true {
      let found = unsafe waitpid(process, &raw, WNOHANG)
      if found == process { return true }
      if found < 0, errno != EINTR { return false }
      rounds += 1
      if rounds == PipedProcess.termRounds { kill(process, SIGTERM) }
      if rounds == PipedProcess.killRounds { kill(process, SIGKILL) }
      usleep(
        rounds < PipedProcess.quickRounds ? 1000 : 1000 * UInt32(PipedProcess.pollMilliseconds)
      )
    }
  }

  /// Rounds of 1 ms: most programs end at once.
  private static let quickRounds = 40
}

extension StandardStreams {
  /// Standard input, as a file of its own.
  package static func input() throws(FilesError) -> OpenFile { try duplicate(0) }

  /// Standard output, as a file of its own; where it is a pipe, one that does not wait for its reader.
  package static func output() throws(FilesError) -> OpenFile {
    // Opened anew: whoever shares the descriptor must not find it changed.
    let own = kist_reopen_pipe(1)
    guard own < 0 else { return OpenFile(descriptor: own, name: Array("standard stream".utf8)) }
    return try duplicate(1)
  }

  private static func duplicate(_ descriptor: Int32) throws(FilesError) -> OpenFile {
    let copy = dup(descriptor)
    guard copy >= 0 else { throw FilesError("dup", [], errno) }
    return OpenFile(descriptor: copy, name: Array("standard stream".utf8))
  }
}
