import Files
import Mirroring
import Threading

/// A program that was started to connect to another store, and that speaks the protocol on its input and output.
///
/// What it, and the other end behind it, write to standard error comes a line at a time where a terminal shows progress:
/// else it would stand in the middle of that line.
final class ConnectedProgram: Sendable {
  let stream: any DuplexStream
  private let child: ChildProcess
  private let relay: WorkerThread?
  private let hasEnded = Monitor<Bool>(false)

  init(_ arguments: [String]) throws {
    let child = try ChildProcess(
      arguments,
      input: .piped,
      errors: StandardStreams.isTerminal(2) ? .piped : .shared
    )
    guard let input = child.takeInput() else { throw MirrorError.closed }
    stream = DescriptorStream(input: child.output, output: input)
    self.child = child
    guard let errors = child.errors else {
      relay = nil
      return
    }
    let hasEnded = hasEnded
    do {
      relay = try WorkerThread.start {
        RelayedErrors.relay(errors) { hasEnded.withLock { $0 } }
      }
    } catch {
      _ = child.stop()
      throw MirrorError.threads(errno: error.errno)
    }
  }

  /// Waits for its end; the exit status, or 128 and the signal's number.
  func wait() -> Int32 {
    defer { endRelay() }
    return child.wait()
  }

  /// Tells it to end, and waits for that.
  func stop() -> Int32 {
    defer { endRelay() }
    return child.stop()
  }

  /// Waits until all that the program wrote is shown; a thread is joined once.
  private func endRelay() {
    let isFirst = hasEnded.update { hasEnded in
      defer { hasEnded = true }
      return !hasEnded
    }
    if isFirst { relay?.join() }
  }
}

/// Shows what another program writes to standard error.
enum RelayedErrors {
  private static let byteCount = 4096
  /// How long a line may be without its end before it is shown as it is.
  private static let patienceMilliseconds = 100
  /// A line that is longer is shown in parts: 16 KiB.
  private static let lineByteLimit = 16_384

  /// How long what comes is shown after the program ended.
  private static let restNanoseconds: UInt64 = 500_000_000

  /// Returns at the end of what there is, or, when `isOver`, when there is no more for now or half a second has passed: a
  /// process that the program left may keep the pipe open, and write to it for ever.
  static func relay(_ file: OpenFile, isOver: () -> Bool) {
    var pending: [UInt8] = []
    var end: UInt64?
    while true {
      let isLast = isOver()
      let now = SystemClock.monotonicNanoseconds()
      if isLast, end == nil { end = now + restNanoseconds }
      let bytes: [UInt8]?
      do {
        bytes = try file.readAvailable(upTo: byteCount, waitMilliseconds: patienceMilliseconds)
      } catch {
        // Ignored: what cannot be read cannot be shown.
        bytes = []
      }
      pending += bytes ?? []
      let lines = take(from: &pending, all: bytes == nil || bytes == [])
      for line in lines { Console.showOverProgress(line) }
      if bytes == [] || (bytes == nil && isLast) { return }
      if let end, now > end { return }
    }
  }

  /// Takes whole lines, and with `all` what is behind the last of them.
  static func take(from pending: inout [UInt8], all: Bool) -> [String] {
    var parts = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let rest = parts.popLast() ?? []
    let isWhole = (all || rest.count > lineByteLimit) && !rest.isEmpty
    if isWhole { parts.append(rest) }
    let lines = parts.map(shown)
    pending = isWhole ? [] : Array(rest)
    return lines
  }

  /// A line as a terminal may show it: what could steer that is shown as `\xNN`.
  private static func shown(_ line: ArraySlice<UInt8>) -> String {
    let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    return line.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false).map { part in
      part.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        .map { DisplayedName.text(Array($0)) }.joined(separator: "\t")
    }.joined(separator: "\\")
  }
}
