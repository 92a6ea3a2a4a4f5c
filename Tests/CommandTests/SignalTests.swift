import Foundation
import Glibc
import Testing

/// A stop, met at any moment: 130, at once, and nothing is harmed.
@Suite("Stops", .serialized)
struct SignalTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    for round in 0..<6 {
      try place.fill("source/\(round)", files: 4, bytes: 60_000, seed: UInt64(90 + round))
      let saved = try place.kist("backup", "-q", place.path("source"))
      try #require(saved.status == 0, "\(saved)")
    }
  }

  private func seconds(since start: UInt64) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
  }

  /// Stops a program that is at work, and looks at how it ended.
  private func expectStop(_ run: Running, by signal: Int32, _ comment: Comment) throws {
    Pause.seconds(0.7)
    #expect(run.isRunning, "\(comment): the stop must come while it works")
    let asked = DispatchTime.now().uptimeNanoseconds
    run.send(signal)
    let outcome = try run.wait()
    #expect(seconds(since: asked) < 2, "\(comment)")
    #expect(outcome.status == 130, "\(comment): \(outcome)")
    #expect(outcome.errors.contains("stopped as asked"), "\(comment): \(outcome)")
  }

  @Test(.enabled(if: FailingCalls.isPossible, "no strace: reading commands are NOT stopped"))
  func `commands that read stop at once, whatever the signal`() throws {
    let packs = try place.files(below: "repository/packs")
    for (signal, milliseconds, arguments) in [
      (SIGTERM, 150, ["check", "--read-data"]), (SIGINT, 250, ["dump", "latest"]),
      (SIGHUP, 250, ["find", "file-3"]),
      (SIGTERM, 250, ["restore", "latest", "-t", place.path("out")]),
    ] as [(Int32, Int, [String])] {
      // Each read of a pack takes so long that the stop comes in the middle; the tracer is no parent of it.
      var tracer = ["env", "--default-signal=HUP,INT", "strace", "-D", "-f", "-qq"]
      tracer += ["-o", "/dev/null", "-e", "trace=pread64"]
      tracer += ["-e", "inject=pread64:delay_enter=\(milliseconds * 1000)"]
      for pack in packs { tracer += ["-P", place.path(pack)] }
      let run = try Running(
        tracer + [Programs.kist] + arguments,
        environment: place.environment,
        outputs: place.path("output-" + UUID().uuidString)
      )
      try expectStop(run, by: signal, "\(arguments)")
    }
    try place.requireClean("--read-data")
  }

  @Test(.enabled(if: FailingCalls.isPossible, "no strace: a check is NOT stopped"))
  func `a check that is stopped says that files were not looked up, and how they are`() throws {
    let packs = try place.files(below: "repository/packs")
    for pack in packs {
      var bytes = try place.bytes(pack)
      bytes[200] ^= 1
      try place.call("chmod", "u+w", place.path(pack))
      try place.write(bytes, to: pack)
    }
    var tracer = ["env", "--default-signal=HUP,INT", "strace", "-D", "-f", "-qq"]
    tracer += ["-o", "/dev/null", "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=60000"]
    for pack in packs { tracer += ["-P", place.path(pack)] }
    // A stop before the first pack is done proves nothing, nor one that comes too late.
    for seconds in [0.6, 0.8, 1.0, 1.2, 0.5, 1.5] {
      let run = try Running(
        tracer + [Programs.kist, "check", "--read-data"],
        environment: place.environment,
        outputs: place.path("output-" + UUID().uuidString)
      )
      Pause.seconds(seconds)
      run.send(SIGINT)
      let outcome = try run.wait()
      guard outcome.status == 130, outcome.errors.contains("is named above") else { continue }
      #expect(outcome.errors.contains("was not looked up to the end"), "\(outcome)")
      #expect(outcome.errors.contains("`kist check`, to its end, names the files"), "\(outcome)")
      // What it promises is so.
      let next = try place.kist("check")
      #expect(next.status == 20 && next.errors.contains("cannot be restored: "), "\(next)")
      return
    }
    Issue.record("no stop came in the middle")
  }

  @Test func `a push that is held back stops at once, and the next one goes on`() throws {
    let push = ["mirror", "push", "--init", place.path("mirror")]
    let run = try Running(
      ["env", "--default-signal=HUP,INT", Programs.kist] + push + ["--limit-upload", "100K"],
      environment: place.environment,
      outputs: place.path("push")
    )
    try expectStop(run, by: SIGINT, "push")
    try place.requireClean("--without-key", "-r", place.path("mirror"))
    let next = try place.start(push).wait()
    #expect(next.status == 0, "\(next)")
    try place.requireClean("--read-data", "-r", place.path("mirror"))
  }

  @Test(arguments: ["nothing", "store", "mirror"])
  func `a server that is told to end ends with 130`(said: String) throws {
    try place.call("mkfifo", place.path("input"))
    let repository = try #require(
      try FileManager.default.contentsOfDirectory(atPath: place.state).first { $0.count == 64 }
    )
    let script = """
      import os, sys
      sys.path.insert(0, sys.argv[1])
      import kist_wire as wire
      kinds = {"nothing": b"", "store": wire.hello("test", None, b"", [], ["store"]),
               "mirror": wire.hello("test", bytes.fromhex(sys.argv[3]), b"", ["give"], [])}
      said = kinds[sys.argv[2]]
      os.write(1, wire.PREAMBLE + said if said else b"")
      """
    // The line stays open, as one whose other end thinks.
    let line =
      "exec 3<>'\(place.path("input"))'; "
      + "python3 -c \"$1\" '\(Programs.tool(""))' \(said) \(repository) >&3; "
      + "exec '\(Programs.kist)' serve --stdio --repo '\(place.repository)' <&3"
    let run = try Running(
      ["/bin/sh", "-c", line, "sh", script],
      environment: place.environment,
      outputs: place.path("server")
    )
    Pause.seconds(1)
    #expect(run.isRunning)
    let asked = DispatchTime.now().uptimeNanoseconds
    run.send(SIGTERM)
    let outcome = try run.wait()
    #expect(seconds(since: asked) < 2)
    #expect(outcome.status == 130, "\(said): \(outcome)")
    try place.requireClean()
  }
}
