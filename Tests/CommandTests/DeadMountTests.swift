import Foundation
import Glibc
import Testing

/// A mount that stops answering, or answers that it cannot, made by `tools/dead-mount`.
///
/// To be ended before the folder that it lies in is removed.
private struct DeadMount {
  /// Whether this process may make one.
  static let isPossible = unsafe geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0

  private let server: Running

  /// Mounts over a folder of `place`; the mount answers until it has answered `last` once.
  init(
    _ place: Place,
    _ folder: String,
    after last: String = "never",
    failing call: String? = nil
  ) throws {
    try FileManager.default.createDirectory(
      atPath: place.path(folder),
      withIntermediateDirectories: true
    )
    let output = place.path("mount-" + UUID().uuidString)
    server = try Running(
      ["python3", Programs.tool("dead-mount"), place.path(folder), "--after", last]
        + (call.map { ["--failing", $0] } ?? []),
      environment: place.environment,
      outputs: output
    )
    for _ in 0..<100 where server.isRunning {
      let said = try String(contentsOfFile: output + ".out", encoding: .utf8)
      if said == "mounted\n" { return }
      Pause.seconds(0.05)
    }
    throw Failure(outcome: try server.wait())
  }

  private struct Failure: Error {
    let outcome: Outcome
  }

  func end() {
    server.send(SIGTERM)
    do {
      _ = try server.wait()
    } catch {
      Issue.record(error, "the mount may be left")
    }
  }
}

@Suite(
  "A mount that does not answer",
  .serialized,
  .enabled(if: DeadMount.isPossible, "not root, or no /dev/fuse: dead mounts are NOT tested")
)
struct DeadMountTests {
  private func place() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source/before", files: 20, bytes: 4000, seed: 1)
    try place.fill("source/zzz", files: 20, bytes: 4000, seed: 2)
    return place
  }

  /// Seconds that a run took to end after it was asked to, and how it ended.
  private func stop(
    _ running: Running,
    with signal: Int32,
    after seconds: Double = 1.5
  ) throws -> (seconds: Double, outcome: Outcome) {
    Pause.seconds(seconds)
    if !running.isRunning { Issue.record("\(try running.wait())") }
    let asked = Date()
    running.send(signal)
    let outcome = try running.wait()
    return (Date().timeIntervalSince(asked), outcome)
  }

  @Test(arguments: ["init", "lookup", "read"])
  func `a backup is stopped in the middle of a call, and names its path`(_ last: String) throws {
    let place = try place()
    let mount = try DeadMount(place, "source/mount", after: last)
    defer { mount.end() }
    let running = try place.start(["backup", place.path("source")])
    let signal = last == "lookup" ? SIGTERM : SIGINT
    let (seconds, outcome) = try stop(running, with: signal)
    #expect(outcome.status == 130, "\(outcome)")
    #expect(seconds < 1.5)
    // Behind the lookup it is chance whether the folder's attributes or the file are asked for first.
    let names = ["init": ["mount"], "lookup": ["mount", "mount/file"]][last] ?? ["mount/file"]
    #expect(
      names.contains {
        outcome.errors.contains("without waiting for \(place.path("source/" + $0)),")
      },
      "\(outcome)"
    )
    let left = try place.kist("backup", "-x", place.path("source"))
    #expect(left.status == 0, "\(left)")
    try place.requireClean("--read-data")
  }

  @Test func `with --one-file-system the mount is not asked`() throws {
    let place = try place()
    let mount = try DeadMount(place, "source/mount", after: "init")
    defer { mount.end() }
    for _ in 0..<2 {
      let start = Date()
      let made = try place.kist("backup", "-x", place.path("source"))
      #expect(made.status == 0, "\(made)")
      #expect(Date().timeIntervalSince(start) < 5)
    }
    let listed = try place.kist("ls", "latest")
    #expect(listed.output.contains("source/mount\n"))
    #expect(!listed.output.contains("source/mount/"))
  }

  @Test func `what is waited for is said after a while`() throws {
    let place = try place()
    let mount = try DeadMount(place, "source/mount", after: "init")
    defer { mount.end() }
    let path = place.path("source/mount")
    let json = try place.start(["backup", "--json", place.path("source")])
    let plain = try place.start(["backup", place.path("source")])
    let status = try stop(json, with: SIGINT, after: 6).outcome
    #expect(
      try JSON.lines(status.output).contains { $0["waiting_for"] as? String == path },
      "\(status)"
    )
    let note = try stop(plain, with: SIGINT, after: 6).outcome
    #expect(note.errors.contains("\(path) has not answered for ten seconds"), "\(note)")
  }

  @Test func `a mount that is itself what is backed up, or the target, does not hold a stop up`()
    throws
  {
    let place = try place()
    let saved = try place.kist("backup", "-q", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    let mount = try DeadMount(place, "mount", after: "init")
    defer { mount.end() }
    let path = place.path("mount")
    for arguments in [
      ["backup", path], ["restore", "latest", "--target", path], ["snapshots", "--repo", path],
    ] {
      let (seconds, outcome) = try stop(try place.start(arguments), with: SIGTERM)
      #expect(outcome.status == 130, "\(outcome)")
      #expect(outcome.errors.contains("stopped as asked"), "\(outcome)")
      // Ten seconds where the call begins anew after the signal, one where it does not.
      #expect(seconds < 12, "\(arguments)")
    }
    try place.requireClean()
  }

  @Test func `a disk that cannot read a file is 3, the file is named, and the rest is saved`()
    throws
  {
    let place = try place()
    let mount = try DeadMount(place, "source/mount", failing: "read")
    defer { mount.end() }
    let made = try place.kist("backup", place.path("source"))
    #expect(made.status == 3, "\(made)")
    #expect(made.errors.contains("source/mount/file: not saved: Input/output error"), "\(made)")
    let listed = try place.kist("ls", "latest", "--recursive")
    #expect(listed.output.contains("source/zzz/part-0/file-19"))
    #expect(!listed.output.contains("source/mount/file"))
    try place.requireClean("--read-data")
  }

  @Test func `attributes that cannot be read are 3 and named, and the file is saved`() throws {
    let place = try place()
    let mount = try DeadMount(place, "source/mount", failing: "listxattr")
    defer { mount.end() }
    let made = try place.kist("backup", place.path("source"))
    #expect(made.status == 3, "\(made)")
    #expect(made.errors.contains("source/mount/file: "), "\(made)")
    #expect(made.errors.contains("Input/output error"), "\(made)")
    let dumped = try place.kist("dump", "latest:" + place.path("source/mount/file"))
    #expect(dumped.output == "alive", "\(dumped)")
  }

  @Test func `a cache in a mount of another machine is refused, and nothing is written`() throws {
    let place = try place()
    // The first command makes the caches.
    try #require(try place.kist("snapshots").status == 0)
    let id = try #require(
      try FileManager.default.contentsOfDirectory(
        atPath: place.cache + "/stores"
      ).first
    )
    let mount = try DeadMount(place, "cache/stores/" + id)
    defer { mount.end() }
    let refused = try place.kist("snapshots")
    #expect(refused.status == 1, "\(refused)")
    #expect(refused.errors.contains("network file system"), "\(refused)")
  }
}
