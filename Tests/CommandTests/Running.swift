import Foundation
import Glibc
import Testing

/// How a program ended, and what it wrote.
struct Outcome: CustomStringConvertible {
  /// Exit status; the negative number of the signal that ended it.
  let status: Int32
  let output: String
  let errors: String

  var description: String { "status \(status)\n\(output)\n\(errors)" }
}

/// A program that was started; its outputs go to files, so that it never waits for a reader.
final class Running {
  private let process = Process()
  private let outputs: String?

  init(_ arguments: [String], environment: [String: String], outputs: String?) throws {
    let name = try #require(arguments.first)
    self.outputs = outputs
    process.executableURL = URL(fileURLWithPath: name.hasPrefix("/") ? name : "/usr/bin/env")
    process.arguments = name.hasPrefix("/") ? Array(arguments.dropFirst()) : arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Running.sink(outputs, "out")
    process.standardError = try Running.sink(outputs, "err")
    try process.run()
  }

  private static func sink(_ outputs: String?, _ ending: String) throws -> FileHandle {
    guard let outputs else { return .nullDevice }
    let path = outputs + "." + ending
    try Data().write(to: URL(fileURLWithPath: path))
    return try #require(FileHandle(forWritingAtPath: path))
  }

  var isRunning: Bool { process.isRunning }

  /// Sends a signal; a process that has ended is left alone.
  func send(_ signal: Int32) {
    if process.isRunning { _ = kill(process.processIdentifier, signal) }
  }

  /// Waits for the end and reads the outputs.
  func wait() throws -> Outcome {
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: signalled ? -process.terminationStatus : process.terminationStatus,
      output: try read("out"),
      errors: try read("err")
    )
  }

  private func read(_ ending: String) throws -> String {
    guard let outputs else { return "" }
    return String(
      decoding: try Data(contentsOf: URL(fileURLWithPath: outputs + "." + ending)),
      as: UTF8.self
    )
  }
}

/// Where the programs under test stand.
enum Programs {
  /// The package's folder.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  static let kist = built("kist")

  /// A built executable: beside the test bundle, else where a debug build puts it.
  static func built(_ name: String) -> String {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let candidates = [
      bundle.appendingPathComponent(name).path,
      bundle.deletingLastPathComponent().appendingPathComponent(name).path,
      URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent(name).path,
    ]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
      ?? package + "/.build/debug/" + name
  }

  static func tool(_ name: String) -> String { package + "/tools/" + name }
}

/// What `--json` prints.
enum JSON {
  /// Every line, which must be an object.
  static func lines(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try #require(value as? [String: Any], "not an object: \(line)")
    }
  }

  /// An array of objects.
  static func array(_ text: String) throws -> [[String: Any]] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [[String: Any]], "not an array of objects: \(text)")
  }

  /// The last line of the message type `summary`.
  static func summary(_ text: String) throws -> [String: Any] {
    try #require(
      try lines(text).last { $0["message_type"] as? String == "summary" },
      "no summary in \(text)"
    )
  }

  static func number(_ object: [String: Any], _ key: String) throws -> Int {
    try #require((object[key] as? NSNumber)?.intValue, "no number \(key) in \(object)")
  }

  static func text(_ object: [String: Any], _ key: String) throws -> String {
    try #require(object[key] as? String, "no text \(key) in \(object)")
  }
}

/// Calm waiting.
enum Pause {
  static func seconds(_ seconds: Double) { Thread.sleep(forTimeInterval: seconds) }
}
