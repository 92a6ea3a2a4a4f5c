import Foundation
import Testing

/// What the other end writes to standard error while a terminal shows progress.
@Suite("Notes of the other end")
struct FarNoteTests {
  /// Runs a program on a terminal of its own and prints what it wrote there; ends with its status.
  private static let script = """
    import os, pty, sys
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    output = b''
    while True:
        try:
            part = os.read(terminal, 1000)
        except OSError:
            break
        if not part:
            break
        output += part
    sys.stdout.buffer.write(output)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 10, bytes: 30_000, seed: 1)
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
  }

  private func run(_ arguments: [String]) throws -> Outcome {
    try Running(
      ["python3", "-c", Self.script, Programs.kist] + arguments,
      environment: place.environment,
      outputs: place.path("output-" + UUID().uuidString)
    ).wait()
  }

  /// A command that serves a folder, and writes to standard error before, while and after.
  private func serving(_ name: String) -> String {
    "printf 'first\\tword\\n' >&2; (sleep 0.6; printf 'far \\033[2J note\\n' >&2) & "
      + "'\(Programs.kist)' serve --stdio --repo '\(place.path(name))'; printf 'last' >&2"
  }

  @Test func `each is a line of its own, over the progress line, and steers nothing`() throws {
    let outcome = try run([
      "mirror", "push", "--init", "--limit-upload", "200K", "--via", serving("one"),
    ])
    #expect(outcome.status == 0, "\(outcome)")
    let start = "\r\u{1B}[K"
    for line in ["first\tword", "far \\x1b[2J note", "last"] {
      #expect(outcome.output.contains("\(start)\(line)\r\n"), "\(line): \(outcome)")
    }
    // The progress line was there before, and came again.
    let parts = outcome.output.components(separatedBy: "far \\x1b[2J note")
    #expect(parts.count == 2 && parts.allSatisfy { $0.contains("B/s  ") }, "\(outcome)")
  }

  @Test func `what it said stands before what that means`() throws {
    let outcome = try run(["snapshots", "--repo", "pipe:echo no such host >&2; exit 255"])
    #expect(outcome.status == 1, "\(outcome)")
    let said = try #require(outcome.output.range(of: "no such host\r\n"), "\(outcome)")
    let meant = try #require(outcome.output.range(of: "kist: "), "\(outcome)")
    #expect(said.lowerBound < meant.lowerBound, "\(outcome)")
  }

  @Test func `a process that keeps the pipe open is not waited for`() throws {
    let start = DispatchTime.now().uptimeNanoseconds
    let outcome = try run([
      "snapshots", "--repo",
      "pipe:sleep 30 </dev/null >/dev/null & echo $! >'\(place.path("pid"))'; '\(Programs.kist)' serve --stdio --repo '\(place.repository)'",
    ])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(DispatchTime.now().uptimeNanoseconds - start < 5_000_000_000)
    try place.call("sh", "-c", "kill $(cat '\(place.path("pid"))')")
  }
}
