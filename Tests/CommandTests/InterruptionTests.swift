import TestSupport
import Foundation
import Glibc
import Testing

@Suite("Stopped backups", .serialized)
struct InterruptionTests {
  /// What is backed up and killed again and again.
  struct Load: Sendable, CustomTestStringConvertible {
    let files: Int
    let byteCount: Int
    /// Kills by default, and of how many rounds one is followed by a check.
    let kills: Int
    let checks: Int

    var testDescription: String { "\(files) files of \(byteCount) bytes" }
  }

  @Test(
    arguments: [
      Load(files: 300, byteCount: 60_000, kills: 10, checks: 1),
      Load(files: 30, byteCount: 20_000, kills: 140, checks: 10),
    ]
  )
  func `after a kill at any point, every snapshot that was reported is whole`(load: Load) throws {
    let kills = Cases.planned(load.kills, variable: "KIST_TEST_KILLS")
    let seed = TestSeed.make(for: "kills of \(load.testDescription)")
    var random = SplitMix64(seed: seed)
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: load.files, bytes: load.byteCount, seed: seed)
    var reported: [String] = []
    var ended = 0
    var longest = 1.5
    for round in 0..<kills {
      // New content each time, so that there is something to store when the kill comes.
      try place.fill(
        "source/new-\(round % 3)",
        files: load.files / 3,
        bytes: load.byteCount,
        seed: random.next()
      )
      let backup = try place.start(["backup", "--json", place.path("source")])
      let delay = Double(random.next() % 10_000) / 10_000 * longest
      let start = DispatchTime.now().uptimeNanoseconds
      while backup.isRunning, since(start) < delay { usleep(500) }
      if backup.isRunning { backup.send(SIGKILL) } else { longest = max(0.05, 1.4 * since(start)) }
      let outcome = try backup.wait()
      try #require(outcome.status == 0 || outcome.status == -SIGKILL, "seed \(seed): \(outcome)")
      if outcome.status == 0 { ended += 1 }
      for line in try JSON.lines(wholeLines(outcome.output))
      where line["message_type"] as? String == "summary" {
        reported.append(try JSON.text(line, "snapshot_id"))
      }
      let listed = try place.snapshotIDs()
      #expect(Set(reported).isSubset(of: listed), "seed \(seed), round \(round)")
      guard round % load.checks == 0 else { continue }
      let checked = try place.kist("check")
      try #require(checked.status == 0, "seed \(seed), round \(round): \(checked)")
    }
    #expect(ended < kills, "no backup was killed: the folder is too small for this machine")
    let last = try place.kist("backup", "--json", place.path("source"))
    #expect(last.status == 0, "seed \(seed): \(last)")
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("source", "out")
    // Of very many, some are enough: a check has read all of their data.
    for id in reported.shuffled(using: &random).prefix(25) {
      let outcome = try place.kist("restore", id, "--target", place.path("each"))
      #expect(outcome.status == 0, "seed \(seed): \(outcome)")
    }
    #expect(try place.leftovers().isEmpty, "salvaged files are removed")
    Cases.tell(.kills, kills, "\(kills - ended) of them in the middle of a backup")
  }

  @Test func `Ctrl-C stops within two seconds, and the next run goes on from there`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    // Several packs of 32 MiB, so that something is durable when the stop comes; random content
    // at the highest level is slow enough to be caught.
    try place.call("mkdir", place.path("source"))
    for number in 0..<6 {
      let size = number < 5 ? "32M" : "1"
      try place.call(
        "dd",
        "if=/dev/urandom",
        "of=" + place.path("source/\(number)"),
        "bs=" + size,
        "count=1",
        "iflag=fullblock",
        "status=none"
      )
    }
    let source = place.path("source")
    let backup = try place.start(["backup", "--json", "--compression", "max", source])
    try place.waitForPacks(1, while: backup)
    let start = DispatchTime.now().uptimeNanoseconds
    backup.send(SIGINT)
    let stopped = try backup.wait()
    #expect(since(start) < 2)
    try #require(stopped.status == 130, "\(stopped)")
    let failure = try #require(try JSON.lines(stopped.errors).last)
    #expect(try JSON.number(failure, "code") == 130)
    #expect(try place.snapshotIDs().isEmpty)
    try place.requireClean()
    let packs = try place.files(below: "repository/packs").count
    #expect(packs > 0)
    let next = try place.kist("backup", "--json", place.path("source"))
    #expect(next.status == 0, "\(next)")
    let stored = try JSON.number(JSON.summary(next.output), "data_stored")
    #expect(stored < (160 - 24) << 20, "what the stopped run stored is used")
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("source", "out")
  }

  @Test func `what an earlier run left is told once, with how much of it is used`() throws {
    let place = try Place()
    try place.initialize()
    try place.fill("source", files: 20, bytes: 50_000, seed: 23)
    #expect(try place.kist("backup", place.path("source")).status == 0)
    // As a writer leaves it that dies before its heads.
    let sizes = try place.files(below: "repository/packs").map { (try place.bytes($0).count, $0) }
    let pack = try #require(sizes.max { $0.0 < $1.0 }).1
    try place.call("mv", place.path(pack), place.path("repository/tmp/left"))
    try place.call("rm", "-rf", place.cache)
    let first = try place.kist("backup", place.path("source"))
    #expect(first.status == 0, "\(first)")
    let notes = first.errors.matches(
      of: /note: an earlier run did not end; (.*) of what it was storing are used\n/
    )
    #expect(notes.count == 1, "\(first)")
    let next = try place.kist("backup", place.path("source"))
    #expect(next.status == 0 && !next.errors.contains("earlier run"), "\(next)")
    try place.write([UInt8](repeating: 1, count: 5000), to: "repository/tmp/junk")
    let junk = try place.kist("backup", place.path("source"))
    #expect(junk.status == 0 && junk.errors.contains("nothing of the pack"), "\(junk)")
    try place.write([], to: "repository/tmp/empty")
    let empty = try place.kist("backup", "--json", place.path("source"))
    #expect(empty.status == 0 && empty.errors.isEmpty, "\(empty)")
    #expect(try place.files(below: "repository/tmp").isEmpty)
  }

  @Test func `a full disk is 21, and what was there before stays whole`() throws {
    let place = try Place()
    let small = place.path("small")
    try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
    let mounted = try place.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small])
    guard mounted.status == 0 else {
      print("not tested: a file system of 4 MiB cannot be mounted here: \(mounted.errors)")
      return
    }
    defer {
      do {
        _ = try place.run(["umount", small])
      } catch {
        Issue.record(error)
      }
    }
    let options = ["KIST_REPOSITORY": small + "/repository"]
    try #require(try place.kist("init", changing: options).status == 0)
    try place.fill("source", files: 10, bytes: 50_000, seed: 21)
    #expect(try place.kist("backup", place.path("source"), changing: options).status == 0)
    let before = try JSON.array(try place.kist("snapshots", "--json", changing: options).output)
    try place.fill("large", files: 100, bytes: 100_000, seed: 22)
    for _ in 0..<2 {
      let full = try place.kist("backup", place.path("large"), changing: options)
      #expect(full.status == 21, "\(full)")
      #expect(full.errors.contains("no space"))
      #expect(full.errors.contains("earlier snapshots are as they were"))
    }
    let after = try JSON.array(try place.kist("snapshots", "--json", changing: options).output)
    #expect(try after.map { try JSON.text($0, "id") } == before.map { try JSON.text($0, "id") })
    let out = place.path("out")
    #expect(try place.kist("restore", "latest", "--target", out, changing: options).status == 0)
    try place.requireEqual("source", "out")
    let checked = try place.kist("check", "--read-data", changing: options)
    #expect(checked.status == 0, "\(checked)")
    let grown = try place.run(["mount", "-o", "remount,size=64m", small])
    try #require(grown.status == 0, "\(grown)")
    let done = try place.kist("backup", place.path("large"), changing: options)
    #expect(done.status == 0, "with room again: \(done)")
    #expect(try place.files(below: "small/repository/tmp").isEmpty)
    let whole = try place.kist("check", "--read-data", changing: options)
    #expect(whole.status == 0, "\(whole)")
  }

  @Test func `a hang-up stops a backup like Ctrl-C, and under nohup it does not`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 20, bytes: 100_000, seed: 24)
    try place.fill("other", files: 40, bytes: 100_000, seed: 25)
    // Slow enough to be met: a second for each mebibyte, whatever the machine.
    func start(_ starter: [String], _ folder: String) throws -> Running {
      try Running(
        starter + [Programs.kist, "backup", "--limit-upload", "1M", place.path(folder)],
        environment: place.environment,
        outputs: place.path("output-" + UUID().uuidString)
      )
    }
    // Whoever runs the tests may ignore hang-ups.
    let stopped = try start(["env", "--default-signal=HUP"], "source")
    Pause.seconds(0.8)
    let asked = DispatchTime.now().uptimeNanoseconds
    stopped.send(SIGHUP)
    let outcome = try stopped.wait()
    #expect(since(asked) < 1.5)
    #expect(outcome.status == 130, "\(outcome)")
    #expect(outcome.errors.contains("stopped as asked"), "\(outcome)")
    #expect(try place.snapshotIDs().isEmpty)
    try place.requireClean()
    let kept = try start(["nohup"], "other")
    Pause.seconds(0.8)
    #expect(kept.isRunning, "the hang-up must come while it works")
    kept.send(SIGHUP)
    let saved = try kept.wait()
    #expect(saved.status == 0, "\(saved)")
    #expect(try place.leftovers().isEmpty)
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("other", "out")
  }

  /// Seconds since a moment of the monotonic clock.
  private func since(_ start: UInt64) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
  }

  /// The text up to its last line end: a kill may cut a line.
  private func wholeLines(_ text: String) -> String {
    text.lastIndex(of: "\n").map { String(text[...$0]) } ?? ""
  }
}

extension Place {
  /// Unfinished files of the repository.
  fileprivate func leftovers() throws -> [String] { try files(below: "repository/tmp") }

  /// Waits until that many packs are durable, or the program has ended.
  fileprivate func waitForPacks(_ count: Int, while running: Running) throws {
    for _ in 0..<3000 where running.isRunning {
      if try files(below: "repository/packs").count >= count { return }
      usleep(10_000)
    }
    Issue.record("no pack appeared")
  }
}
