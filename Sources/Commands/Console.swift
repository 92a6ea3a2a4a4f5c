import Files
import Glibc
import LMDB

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

  /// A line of the result.
  func result(_ line: String) { Console.writeResult(line + "\n") }

  /// A line of JSON that says how far the work is.
  func status(_ line: String) { Console.write(line + "\n", to: 1) }

  /// A line about the work, left out when quiet or when a program reads.
  func say(_ line: String) {
    guard verbosity >= .normal, !isJSON else { return }
    Console.write(line + "\n", to: 1)
  }

  /// A line for those who want to know more.
  func detail(_ line: String) {
    guard verbosity >= .verbose, !isJSON else { return }
    Console.write(line + "\n", to: 1)
  }

  /// A remark that is worth knowing, and no result.
  func note(_ line: String) {
    guard verbosity >= .normal, !isJSON else { return }
    Console.write("note: " + line + "\n", to: 2)
  }

  /// A warning or an error.
  func warn(_ line: String) {
    Console.write(line + "\n", to: 2)
  }

  /// Writes a part of the result; a second run would write it twice.
  static func writeResult(_ text: String) {
    CacheFaults.forbidRerun()
    write(text, to: 1)
  }

  /// Writes all of a text; a reader that has gone away is not an error worth telling.
  static func write(_ text: String, to descriptor: Int32) {
    StandardStreams.write(Array(text.utf8), to: descriptor)
  }
}
