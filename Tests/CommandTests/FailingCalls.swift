import Foundation
import Testing

/// Calls to the system that are answered otherwise than by the system, as strace(1) can have it.
enum FailingCalls {
  /// Whether there is a strace here, and it may trace.
  static let isPossible: Bool = {
    do {
      return try Running(
        ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync", "true"],
        environment: ["PATH": "/usr/bin:/bin"],
        outputs: nil
      ).wait().status == 0
    } catch {
      return false
    }
  }()
}

extension Place {
  /// Runs `kist` while calls are answered as `answer` says (strace(1), `--inject`); returns how it ended, and its calls.
  ///
  /// If there are `paths`, only calls on them are seen and answered so.
  func kist(
    _ arguments: [String],
    answering answer: String,
    only paths: [String] = []
  ) throws -> (outcome: Outcome, calls: [Substring]) {
    let folder = "trace-" + UUID().uuidString
    try call("mkdir", path(folder))
    let calls = "trace=fsync,write,clock_nanosleep," + answer.prefix { $0 != ":" }
    var tracer = ["strace", "-ff", "--seccomp-bpf", "-y", "-qq", "-o", path(folder + "/thread")]
    tracer += ["-e", calls, "-e", "inject=" + answer]
    for name in paths { tracer += ["-P", name] }
    let outcome = try run(tracer + [Programs.kist] + opening(arguments))
    // A file for each thread: no call is split by another one.
    let traces = try files(below: folder).map { String(decoding: try bytes($0), as: UTF8.self) }
    return (outcome, traces.flatMap { $0.split(separator: "\n") })
  }
}
