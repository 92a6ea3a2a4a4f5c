import Foundation

/// How many cases a test tries, and how it says so.
///
/// `tools/test` adds up what the tests of a row say; the rows stand in Docs/TESTING.md.
package enum Cases {
  /// A row of the table "How many cases".
  package enum Row: String, Sendable {
    /// Calls to a store that fail.
    case faults
    /// Bits that are flipped.
    case flips
    /// Files that are cut, continued, or whose sectors are exchanged or zeroed.
    case cuts
    /// Sequences of random operations.
    case sequences
    /// Processes that are killed.
    case kills
    /// Calls to the system that fail.
    case calls
    /// Disks that become full, each at another size.
    case disks
    /// Dialogues that are cut or changed.
    case dialogues
    /// Inputs of decoders.
    case decoders
    /// Trees of ill will that are restored.
    case trees
    /// Seals with one thing exchanged, and nonces.
    case seals
  }

  /// How what is tested was built.
  package enum Build: Sendable {
    case debug
    /// As people run it: what is slow in a debug build is tried often enough.
    case release
  }

  package static var build: Build {
    #if DEBUG
    .debug
    #else
    .release
    #endif
  }

  /// As many cases as are tried by default, or with KIST_TEST_TIMES=n so many times as many.
  package static func planned(_ count: Int) -> Int {
    let times = ProcessInfo.processInfo.environment["KIST_TEST_TIMES"].flatMap { Int($0) } ?? 1
    return count * max(1, times)
  }

  /// As many cases as the variable says, else `count`, or with KIST_TEST_TIMES=n so many times as many.
  package static func planned(_ count: Int, variable: String) -> Int {
    ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? planned(count)
  }

  /// Says how many cases were tried.
  package static func tell(_ row: Row, _ count: Int, _ what: String) {
    // One write, and a line of its own whatever was printed before: it is counted.
    FileHandle.standardError.write(Data("\ncases: \(row.rawValue) \(count) (\(what))\n".utf8))
  }
}
