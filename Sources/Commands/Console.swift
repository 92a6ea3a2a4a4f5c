import Browsing
import Files
import Glibc
import LMDB
import Mirroring

/// Where a command's words go: results to standard output, everything else to standard error.
struct Console: Sendable {
  /// How much is said.
  enum Verbosity: Int, Comparable, Sendable {
    case quiet
    case normal
    case verbose

    static func < (left: Verbosity, right: Verbosity) -> Bool { left.rawValue < right.rawValue }
  }

  let verbosity: Verbosity
  let isJSON: Bool

  /// A line of the result; where it cannot be written, the process ends with that in the end.
  func result(_ line: String) {
    // A second run would write it twice.
    CacheFaults.forbidRerun()
    // The command goes on: what it has to say to standard error is not lost with the result.
    guard StandardOutput.loss == nil else { return }
    do {
      try StandardOutput.write(Array((line + "\n").utf8).span)
    } catch {
      // As in `kist snapshots | head`.
      if error.isBrokenPipe { Kist.exit(status: .outputClosed) }
      StandardOutput.noteLoss(error)
    }
  }

  /// A line about one entry while the work goes on.
  func entry(_ line: String) {
    CacheFaults.forbidRerun()
    remark(line)
  }

  /// A line of JSON that says how far the work is.
  func status(_ line: String) { remark(line) }

  /// A line that is no result: whoever closed the output, or reads no more of it, does not want it.
  private func remark(_ line: String) {
    do {
      try StandardOutput.write(Array((line + "\n").utf8).span)
    } catch {
      if !error.isBrokenPipe, !error.isBadDescriptor { StandardOutput.noteLoss(error) }
    }
  }

  /// A line about the work, left out when quiet or when a program reads.
  func say(_ line: String) {
    guard verbosity >= .normal, !isJSON else { return }
    remark(line)
  }

  /// A line for those who want to know more.
  func detail(_ line: String) {
    guard verbosity >= .verbose, !isJSON else { return }
    remark(line)
  }

  /// A remark that is worth knowing, and no result.
  func note(_ line: String) {
    guard verbosity >= .normal, !isJSON else { return }
    warn(paragraph: "note: " + line)
  }

  /// What is said when nothing has come from `name` for a while: sooner where somebody looks on.
  func waitingNote(for name: String) -> WaitingNote {
    guard verbosity >= .normal, !isJSON else { return .none }
    let words = "waiting for \(DisplayedName.text(name)) …"
    let isWatched = StandardStreams.isTerminal(2)
    // The progress line, if there is one, goes on below.
    let line = isWatched ? "\r\(words)\u{1B}[K\n" : words + "\n"
    return WaitingNote(afterSeconds: isWatched || verbosity >= .verbose ? 5 : 10) {
      Console.write(line, to: 2)
    }
  }

  /// A warning or an error.
  func warn(_ line: String) {
    guard !isJSON, !line.hasPrefix(Console.warningMark) else { return warn(paragraph: line) }
    Console.remark(line)
  }

  /// A warning; for a program that reads, an object with the status that a command ends with for such a thing.
  func warn(_ text: String, as status: ExitStatus) {
    guard isJSON else { return warn(paragraph: "warning: " + text) }
    warn(
      JSONText([
        "message_type": .text("warning"), "code": .number(Int(status.rawValue)),
        "message": .text(text),
      ]).line
    )
  }

  /// A warning of several sentences, broken between words where a terminal would break it anywhere.
  func warn(paragraph: String) {
    guard !isJSON else { return Console.remark(Console.object(paragraph)) }
    guard let width = StandardStreams.terminalWidth(2) else { return Console.remark(paragraph) }
    let lines = TextFold.lines(paragraph, width: max(40, width), first: "", lead: "      ")
    Console.remark(lines.joined(separator: "\n"))
  }

  private static let warningMark = "warning: "

  /// A warning as an object, for a program that reads; whoever has more to say hands over an object himself.
  private static func object(_ text: String) -> String {
    guard !text.hasPrefix("{") else { return text }
    let message = text.hasPrefix(warningMark) ? text.dropFirst(warningMark.count) : text[...]
    return JSONText([
      "message_type": .text("warning"),
      "message": .text(String(message.drop { $0 == " " })),
    ]).line
  }

  /// Writes a line over the progress line, if one is drawn; that comes again below it.
  static func showOverProgress(_ line: String) { remark(line) }

  private static func remark(_ line: String) {
    let start = StandardStreams.isTerminal(2) ? "\r\u{1B}[K" : ""
    write(start + line + "\n", to: 2)
  }

  /// Writes all of a text; a reader that has gone away is not an error worth telling.
  static func write(_ text: String, to descriptor: Int32) {
    StandardStreams.write(Array(text.utf8), to: descriptor)
  }
}
