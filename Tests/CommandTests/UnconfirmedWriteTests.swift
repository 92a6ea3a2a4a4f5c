import Foundation
import Testing
import TestSupport

/// One call of a backup that the disk answers with EIO.
private struct Fault: CustomStringConvertible {
  /// As strace takes it; each thread counts its own calls.
  let answer: String
  /// What the words name: `packs` where there is something new to save, `records` where there is not.
  let folder: String

  init(_ call: String, _ number: Int, of folder: String) {
    answer = "\(call):error=EIO:when=\(number)"
    self.folder = folder
  }

  var description: String { "\(answer) of \(folder)" }
}

@Suite(
  "A storage that does not confirm",
  .serialized,
  .enabled(if: FailingCalls.isPossible, "no strace, or it may not trace: EIO is NOT tested")
)
struct UnconfirmedWriteTests {
  @Test
  func
    `EIO of any write or fsync is 1, names the file, acknowledges nothing, and is not tried twice`()
    throws
  {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 10, bytes: 4000, seed: 61)
    let source = place.path("source")
    #expect(try place.kist("backup", "-q", source).status == 0)
    var random = SplitMix64(seed: 62)
    // Nothing is new: one thread writes what this machine remembers, and the record.
    let (_, sound) = try place.kist(["backup", source], answering: "fsync:delay_exit=1")
    func number(_ call: String, _ path: String) throws -> Int {
      let calls = sound.filter { $0.hasPrefix(call + "(") }
      return try #require(calls.firstIndex { $0.contains(path) }, "\(sound)") + 1
    }
    for fault in [
      Fault("write", try number("write", "/repository/tmp/"), of: "records"),
      Fault("fsync", try number("fsync", "/repository/tmp/"), of: "records"),
      Fault("fsync", try number("fsync", "/repository/records>"), of: "records"),
      Fault("write", 1, of: "packs"), Fault("fsync", 1, of: "packs"),
      Fault("fsync", 2, of: "packs"),
    ] {
      let before = try place.files(below: "repository/records")
      if fault.folder == "packs" {
        try place.write(random.bytes(50_000), to: "source/new-\(fault)")
      }
      let (failed, calls) = try place.kist(["backup", source], answering: fault.answer)
      #expect(failed.status == 1, "\(fault): \(failed)")
      #expect(!failed.output.contains("saved"), "\(fault): \(failed)")
      let failures = calls.filter { $0.contains("(INJECTED)") && $0.contains("/repository/") }
      let failure = try #require(failures.first, "\(fault): \(calls)")
      let isWrite = fault.answer.hasPrefix("write")
      // The first write of the thread that speaks fails too where another one writes the pack.
      if !isWrite || fault.folder == "records" {
        let words = "did not confirm a write to \(fault.folder)/"
        #expect(failed.errors.contains(words), "\(fault): \(failed)")
        #expect(failed.errors.contains("Nothing that this run wrote counts as saved"), "\(failed)")
      }
      if !isWrite {
        let file = try #require(failure.split(separator: "<").last?.split(separator: ">").first)
        let tries = calls.filter { $0.contains("fsync(") && $0.contains("<\(file)>") }
        #expect(tries.count == 1, "\(fault): \(tries)")
      }
      #expect(try place.files(below: "repository/tmp").isEmpty, "\(fault)")
      // A record whose folder alone the disk did not confirm has its name.
      if !failure.contains("/repository/records>") {
        #expect(try place.files(below: "repository/records") == before, "\(fault)")
      }
    }
    // The pack of the last run is used, once its folder is confirmed.
    let packs = try place.files(below: "repository/packs")
    let (next, calls) = try place.kist(["backup", source], answering: "fsync:delay_exit=1")
    #expect(next.status == 0, "\(next)")
    let confirmed = calls.filter { $0.contains("fsync(") && $0.contains("/repository/packs/") }
    #expect(confirmed.count > (try place.files(below: "repository/packs").count - packs.count))
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("source", "out")
  }

  @Test
  func `a commit lock that is held for a minute is 11, and the words say how to find its holder`()
    throws
  {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 3, bytes: 4000, seed: 64)
    let source = place.path("source")
    #expect(try place.kist("backup", "-q", source).status == 0)
    let records = try place.files(below: "repository/records")
    let script = """
      import fcntl, sys, time
      lock = open(sys.argv[1], "r+b")
      fcntl.lockf(lock, fcntl.LOCK_EX)
      print("held", flush=True)
      time.sleep(60)
      """
    let output = place.path("holder")
    let holder = try Running(
      ["python3", "-c", script, place.repository + "/commit.lock"],
      environment: place.environment,
      outputs: output
    )
    while holder.isRunning, try Data(contentsOf: URL(fileURLWithPath: output + ".out")).isEmpty {
      Pause.seconds(0.02)
    }
    // Sleeping takes no time: the minute is over at once.
    let (refused, calls) = try place.kist(
      ["backup", source],
      answering: "clock_nanosleep:retval=0"
    )
    #expect(calls.filter { $0.contains("clock_nanosleep(") }.count >= 6000, "60 s of 10 ms each")
    #expect(refused.status == 11, "\(refused)")
    #expect(refused.errors.contains("another process holds the commit lock of \(place.repository)"))
    #expect(refused.errors.contains("fuser -v commit.lock"), "\(refused)")
    #expect(refused.errors.contains("Nothing counts as saved"), "\(refused)")
    #expect(try place.files(below: "repository/records") == records)
    holder.send(SIGKILL)
    _ = try holder.wait()
    let next = try place.kist("backup", source)
    #expect(next.status == 0, "the lock goes with its process: \(next)")
    try place.requireClean("--read-data")
  }
}
