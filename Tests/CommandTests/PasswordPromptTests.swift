import Foundation
import Glibc
import Testing

@Suite("The password prompt", .serialized)
struct PasswordPromptTests {
  /// Starts a program on a terminal of its own, types when it asks, and prints whether the terminal
  /// shows what is typed before, while and after it was asked; ends with the program's status.
  private static let script = """
    import os, pty, re, select, sys, termios, time
    typed = sys.argv[1].encode().decode('unicode_escape').encode('latin-1')
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[2], sys.argv[2:])
    shows = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    states, output = [shows()], b''
    for number, answer in enumerate(typed.split(b'|'), 1):
        while len(re.findall(rb'password for [^ ]*/repository: ', output)) < number:
            output += os.read(terminal, 1000)
        states[1:] = [shows()]
        for byte in answer:
            os.write(terminal, bytes([byte]))
            time.sleep(0.05)
    while True:
        try:
            part = os.read(terminal, 1000)
        except OSError:
            break
        if not part:
            break
        output += part
        states[2:] = [shows()]
    print(states, output)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  private func run(_ place: Place, typing typed: String, _ command: [String]) throws -> Outcome {
    try Running(
      ["python3", "-c", Self.script, typed, Programs.kist] + command,
      environment: place.environment.merging(["KIST_PASSWORD": ""]) { $1 },
      outputs: place.path("output-" + UUID().uuidString)
    ).wait()
  }

  @Test func `a password is read and not shown`() throws {
    let place = try Place()
    try place.initialize()
    let outcome = try run(place, typing: "correct horse\\n", ["snapshots"])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.output.hasPrefix("[True, False, True]"), "\(outcome)")
    #expect(!outcome.output.contains("horse"))
  }

  @Test func `Ctrl-C while it is typed stops, and a part of it is not tried`() throws {
    let place = try Place()
    try place.initialize()
    let outcome = try run(place, typing: "correct\\x03", ["snapshots"])
    #expect(outcome.status == 130, "\(outcome)")
    #expect(outcome.output.contains("stopped as asked"))
    #expect(!outcome.output.contains("wrong password"))
    #expect(outcome.output.hasPrefix("[True, False, True]"), "the terminal shows again: \(outcome)")
  }

  @Test func `a wrong password is asked again, three times in all`() throws {
    let place = try Place()
    try place.initialize()
    // The terminal drops what is typed before it is asked for: the script types when it is asked.
    let second = try run(place, typing: "wrong\\n|correct horse\\n", ["snapshots"])
    #expect(second.status == 0, "\(second)")
    #expect(second.output.contains("try again"), "\(second)")
    let never = try run(place, typing: "one\\n|\\n|three\\n", ["snapshots"])
    #expect(never.status == 12, "\(never)")
    let stopped = try run(place, typing: "one\\n|\\x03", ["snapshots"])
    #expect(stopped.status == 130, "\(stopped)")
    let given = try place.kist("snapshots", changing: ["KIST_PASSWORD": "wrong"])
    #expect(given.status == 12 && !given.errors.contains("try again"), "\(given)")
  }

  @Test func `Ctrl-D gives no password, which is no wrong one`() throws {
    let place = try Place()
    try place.initialize()
    for typed in ["\\x04", "wrong\\n|\\x04"] {
      let outcome = try run(place, typing: typed, ["snapshots"])
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.output.contains("no password was given"), "\(outcome)")
      #expect(!outcome.output.contains("wrong password"), "\(outcome)")
    }
  }

  @Test func `a password command gets the signals that others get`() throws {
    let place = try Place()
    try place.initialize()
    // With SIGPIPE ignored, the shell would go on and print the password.
    let command = "kill -PIPE $$; echo correct horse"
    let outcome = try place.kist(
      "snapshots",
      "--password-command",
      command,
      changing: ["KIST_PASSWORD": ""]
    )
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains("status 141"))
    let plain = try place.kist("snapshots", "--password-command", "echo correct horse; echo more")
    #expect(plain.status == 0, "\(plain)")
  }

  @Test
  func `a password command need not wait for what it left behind, and is not read without end`()
    throws
  {
    let place = try Place()
    try place.initialize()
    func snapshots(_ command: String) throws -> Outcome {
      try place.kist("snapshots", "--password-command", command, changing: ["KIST_PASSWORD": ""])
    }
    // Foundation would wait for what is left behind, too; python closes what that would hold open.
    let script =
      "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], timeout=20).returncode)"
    let left = try place.run([
      "python3", "-c", script, Programs.kist, "snapshots", "--password-command",
      "(sleep 30 & echo $! > '\(place.path("pid"))'); echo correct horse",
    ])
    #expect(left.status == 0, "\(left)")
    try place.call("sh", "-c", "kill $(cat '\(place.path("pid"))')")
    let slow = try snapshots("sleep 0.2; printf 'correct '; sleep 0.2; echo horse")
    #expect(slow.status == 0, "\(slow)")
    let endless = try snapshots("yes")
    #expect(endless.status == 1, "\(endless)")
    #expect(endless.errors.contains("the password command wrote more than 64.0 KiB"), "\(endless)")
    try place.write([UInt8](repeating: 65, count: 70_000), to: "long")
    let long = try place.kist(
      "snapshots",
      "--password-file",
      place.path("long"),
      changing: ["KIST_PASSWORD": ""]
    )
    #expect(long.status == 1 && long.errors.contains("has more than 64.0 KiB"), "\(long)")
  }

  @Test func `a stop ends the password command too`() throws {
    let place = try Place()
    try place.initialize()
    let running = try place.start([
      "snapshots", "--password-command", "echo $$ > '\(place.path("pid"))'; exec sleep 60",
    ])
    while running.isRunning, !FileManager.default.fileExists(atPath: place.path("pid")) {
      usleep(1000)
    }
    Pause.seconds(0.1)
    running.send(SIGTERM)
    let outcome = try running.wait()
    #expect(outcome.status == 130, "\(outcome)")
    let text = String(decoding: try place.bytes("pid"), as: UTF8.self)
    let child = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(child, 0) != 0 && errno == ESRCH)
  }
}
