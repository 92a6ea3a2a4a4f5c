import Files
import Threading

/// One line on a terminal that is drawn over and over while a command works, on a thread of its own.
final class ProgressLine: Sendable {
  private let isDone = Monitor<Bool>(false)
  private let thread: WorkerThread?
  private static let intervalMilliseconds = 100

  /// Starts drawing `line` ten times a second, if standard error is a terminal and the console is not quiet.
  ///
  /// With `--json`, `status` is written as a line once a second instead, wherever it goes.
  init(
    console: Console,
    line: @escaping @Sendable (_ seconds: Double) -> String,
    status: @escaping @Sendable (_ seconds: Double) -> JSONText
  ) {
    let isDone = isDone
    let start = SystemClock.monotonicNanoseconds()
    let elapsed: @Sendable () -> Double = {
      Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    }
    let shows = StandardStreams.isTerminal(2) && console.verbosity >= .normal && !console.isJSON
    guard shows || (console.isJSON && console.verbosity >= .normal) else {
      thread = nil
      return
    }
    do {
      thread = try WorkerThread.start {
        let interval = shows ? ProgressLine.intervalMilliseconds : 1000
        while !isDone.wait(upToMilliseconds: interval, until: { $0 }) {
          if shows {
            let width = max(20, StandardStreams.terminalWidth(2) ?? 80)
            Console.write(
              "\r" + ProgressLine.cut(line(elapsed()), to: width - 1) + "\u{1B}[K",
              to: 2
            )
          } else {
            console.status(status(elapsed()).line)
          }
        }
        if shows { Console.write("\r\u{1B}[K", to: 2) }
      }
    } catch {
      // Without a thread for it there is no progress line; the work goes on.
      thread = nil
    }
  }

  /// Removes the line; may be called more than once.
  func finish() {
    let isFirst = isDone.update { isDone in
      defer { isDone = true }
      return !isDone
    }
    // A thread is joined once.
    if isFirst { thread?.join() }
  }

  /// Cuts a line in its middle, so that both its figures and the end of a name stay.
  private static func cut(_ line: String, to width: Int) -> String {
    guard line.count > width else { return line }
    let tail = width / 3
    return line.prefix(width - tail - 1) + "…" + line.suffix(tail)
  }
}
