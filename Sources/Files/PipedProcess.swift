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
  /// What it still writes is thrown away; one that does not stop writing is told to end.
  package func wait() -> Int32 {
    status.withLock { status in
      if let status { return status }
      var raw: Int32 = 0
      if !discardRest(&raw) {
        while unsafe waitpid(process, &raw, 0) < 0 {
          guard errno == EINTR else { return 127 }
        }
      }
      let found = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
      status = found
      return found
    }
  }
}

extension PipedProcess {
  /// Bytes that a program may write after nobody listens any more: 1 MiB.
  private static let restLimit = 1 << 20
  private static let pollMilliseconds = 200

  /// Reads until the program closes its output: else it might wait for its reader for ever.
  ///
  /// True if it has ended, though somebody else still has its output open; `raw` is its status then.
  private func discardRest(_ raw: inout Int32) -> Bool {
    var count = 0
    do throws(FilesError) {
      while true {
        guard
          let bytes = try output.readAvailable(
            upTo: 65_536,
            waitMilliseconds: PipedProcess.pollMilliseconds
          )
        else {
          if unsafe waitpid(process, &raw, WNOHANG) == process { return true }
          continue
        }
        count += bytes.count
        if bytes.isEmpty { return false }
        if count > PipedProcess.restLimit {
          kill(process, SIGTERM)
          return false
        }
      }
    } catch {
      // Ignored: what it wrote is not wanted.
      return false
    }
  }
}

extension StandardStreams {
  /// Standard input, as a file of its own.
  package static func input() throws(FilesError) -> OpenFile { try duplicate(0) }

  /// Standard output, as a file of its own.
  package static func output() throws(FilesError) -> OpenFile { try duplicate(1) }

  private static func duplicate(_ descriptor: Int32) throws(FilesError) -> OpenFile {
    let copy = dup(descriptor)
    guard copy >= 0 else { throw FilesError("dup", [], errno) }
    return OpenFile(descriptor: copy, name: Array("standard stream".utf8))
  }
}
