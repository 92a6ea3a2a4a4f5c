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
        var drawn = 0
        let interval = shows ? ProgressLine.intervalMilliseconds : 1000
        while !isDone.wait(upToMilliseconds: interval, until: { $0 }) {
          if shows {
            let width = max(20, StandardStreams.terminalWidth(2) ?? 80)
            let text = ProgressLine.cut(line(elapsed()), to: width - 1)
            Console.write(ProgressLine.start(over: drawn, width) + text + "\u{1B}[K", to: 2)
            drawn = text.count
          } else {
            console.status(status(elapsed()).line)
          }
        }
        if shows {
          let width = max(20, StandardStreams.terminalWidth(2) ?? 80)
          Console.write(ProgressLine.start(over: drawn, width) + "\u{1B}[K", to: 2)
        }
      }
    } catch {
      // Without a thread for it there is no progress line; the work goes on.
      thread = nil
    }
  }

  /// Goes to where the line drawn before begins: in a terminal that has become narrower, it takes several rows.
  private static func start(over drawn: Int, _ width: Int) -> String {
    let above = max(0, drawn - 1) / width
    return above == 0 ? "\r" : "\r\u{1B}[\(above)A\u{1B}[J"
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

  /// Makes a line fit: first its last field, a name, loses its beginning, then whole fields go, the last first.
  private static func cut(_ line: String, to width: Int) -> String {
    guard line.count > width else { return line }
    let gap = "  "
    var fields = line.split(separator: gap)
    guard let name = fields.popLast() else { return "" }
    var shown = fields.joined(separator: gap)
    let room = width - shown.count - gap.count
    if room >= shortestName { return shown + gap + "…" + name.suffix(room - 1) }
    while shown.count > width, fields.count > 1 {
      fields.removeLast()
      shown = fields.joined(separator: gap)
    }
    return String(shown.prefix(width))
  }

  /// A name of which less could be seen is left out.
  private static let shortestName = 10
}
