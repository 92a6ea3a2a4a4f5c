import Foundation
import Synchronization

/// Runs random operations on repositories in memory, and compares each with a plain table.
///
/// usage: sequences COUNT SEED
///
/// Its exit status is 0 if all of them went well. A program of its own, so that a release build of it can run: two thousand
/// sequences take minutes in a debug build.
@main
enum Sequences {
  private static let operationCount = 50

  static func main() {
    let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    guard arguments.count == 2, let count = Int(exactly: arguments[0]) else {
      FileHandle.standardError.write(Data("usage: sequences COUNT SEED\n".utf8))
      exit(2)
    }
    let seed = arguments[1]
    let failures = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: count) { number in
      do {
        try run(seed: seed &+ UInt64(number))
      } catch {
        failures.withLock { $0 += 1 }
        FileHandle.standardError.write(Data("\(error)\n".utf8))
      }
    }
    exit(failures.withLock { $0 } == 0 ? 0 : 1)
  }

  private static func run(seed: UInt64) throws {
    let sequence = try OperationSequence(seed: seed)
    do {
      for _ in 0..<operationCount { try sequence.step() }
      try sequence.finish()
    } catch {
      let story = sequence.story.joined(separator: "\n  ")
      throw Mismatch("seed \(seed): \(error), after\n  \(story)")
    }
  }
}
