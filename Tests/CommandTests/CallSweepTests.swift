import Foundation
import TestSupport
import Testing

/// Any call that the disk answers with EIO: the command says so or does its work, and nothing is harmed.
@Suite(
  "Calls that fail, swept",
  .serialized,
  .enabled(
    if: FailingCalls.isPossible,
    "no strace, or it may not trace: failing calls are NOT swept"
  )
)
struct CallSweepTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 8, bytes: 30_000, seed: 121)
    try place.write(Array("another one\n".utf8), to: "password")
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    let pushed = try place.kist("mirror", "push", "-q", "--init", place.path("mirror"))
    try #require(pushed.status == 0, "\(pushed)")
  }

  /// How many faults of each kind a command meets; KIST_TEST_CALLS=n makes it n.
  private static let roundCount = Cases.planned(
    Cases.build == .release ? 7 : 1,
    variable: "KIST_TEST_CALLS"
  )

  /// Calls, and which of them a thread is likely to make; the first closes are of whoever loads the program.
  private static let calls = [
    ("rename,renameat,renameat2", 1...3), ("close", 14...60), ("ftruncate", 1...3),
    ("fsync", 1...6), ("pwrite64", 1...9),
  ]

  enum Work: String, CaseIterable, Sendable {
    case backup, tag, key, initialize, pull, restore
  }

  /// The command for its `number`th time, and the repository that it writes to.
  private func command(_ work: Work, _ number: Int) -> (arguments: [String], repository: String) {
    let copy = place.path("copy-\(number)")
    return switch work {
    case .backup: (["backup", place.path("source")], place.repository)
    case .tag: (["tag", "add", "tag-\(number)", "latest"], place.repository)
    case .key:
      (["key", "add", "--new-password-file", place.path("password")], place.repository)
    case .initialize: (["init", "-r", copy], copy)
    case .pull: (["mirror", "pull", "--init", "-r", copy, place.path("mirror")], copy)
    case .restore:
      (["restore", "latest", "-t", place.path("out-\(number)")], place.repository)
    }
  }

  /// What is there after a run that says it is done.
  private func expectDone(_ work: Work, _ number: Int, _ comment: Comment) throws {
    switch work {
    case .restore: try place.requireEqual("source", "out-\(number)")
    case .tag:
      let listed = try place.kist("snapshots", "--json", "--tag", "tag-\(number)")
      #expect(listed.output.contains("tag-\(number)"), "\(comment): \(listed)")
    case .pull:
      let listed = try place.kist("snapshots", "--json", "-r", place.path("copy-\(number)"))
      #expect(try JSON.array(listed.output).count == 1, "\(comment): \(listed)")
    case .backup, .key, .initialize: break
    }
  }

  @Test(arguments: Work.allCases)
  func `after EIO of any call the repository is whole, and the next run is done`(
    work: Work
  ) throws {
    var random = SplitMix64(seed: TestSeed.make(for: "calls of \(work)"))
    var number = 0
    for round in 0..<Self.roundCount {
      for (call, numbers) in Self.calls.shuffled(using: &random) {
        number += 1
        if work == .backup {
          try place.write(random.bytes(5000), to: "source/new-\(number % 3)")
        }
        // There are sixteen slots at most, and a run that fails may leave one too.
        if work == .key, number % 5 == 0 { try removeSlots() }
        let (arguments, repository) = command(work, number)
        let fault = "\(call):error=EIO:when=\(Int.random(in: numbers, using: &random))"
        let comment: Comment = "\(work), round \(round), \(fault)"
        let (outcome, _) = try place.kist(arguments, answering: fault)
        let known = outcome.status == 0 || outcome.errors.contains("kist: ") || outcome.status == 3
        #expect(outcome.status >= 0 && known, "\(comment): \(outcome)")
        let isMade = FileManager.default.fileExists(atPath: repository + "/kist")
        if isMade {
          let checked = try place.kist("check", "-r", repository)
          // A copy that was hardly begun: the next run brings what opens it.
          let isBegun =
            work == .pull && outcome.status != 0
            && ["no key slots are left", "there are packs and no record"].contains {
              checked.errors.contains($0)
            }
          #expect(checked.status == 0 || isBegun, "\(comment): \(checked)")
        }
        if outcome.status != 0 {
          let again = try place.start(arguments).wait()
          // It may have been made all the same: then it is there already.
          let isDone = again.status == 0 || (work == .initialize && isMade && again.status == 1)
          #expect(isDone, "\(comment): \(outcome), then: \(again)")
        }
        try expectDone(work, number, comment)
      }
    }
    try place.requireClean("--read-data")
    Cases.tell(.calls, number, "EIO in runs of \(work)")
  }

  private func removeSlots() throws {
    let listed = try JSON.array(try place.kist("key", "list", "--json").output)
    // Not the recovery key: the place is opened by it.
    for slot in listed where slot["current"] as? Bool == false {
      guard try JSON.text(slot, "kind").hasPrefix("password") else { continue }
      let removed = try place.kist("key", "remove", try JSON.text(slot, "id"))
      #expect(removed.status == 0, "\(removed)")
    }
  }

  @Test func `a file that the disk did not take when it was closed is not told as restored`() throws
  {
    let out = place.path("out")
    let file = "part-0/file-3"
    let (outcome, calls) = try place.kist(
      ["restore", "latest", "-t", out],
      answering: "close:error=EIO",
      only: [out + "/" + file]
    )
    #expect(calls.contains { $0.contains("(INJECTED)") }, "\(calls)")
    #expect(outcome.status == 3, "\(outcome)")
    #expect(outcome.errors.contains("\(file): not restored: Input/output error"), "\(outcome)")
    let next = try place.kist("restore", "latest", "-t", out)
    #expect(next.status == 0, "\(next)")
    try place.requireEqual("source", "out")
  }

  @Test func `an output that the disk did not take when it was closed is not told as done`() throws
  {
    let file = place.path("dumped")
    let tracer = "strace -f -qq -o '\(place.path("trace"))' -P '\(file)' -e trace=close"
    let line =
      "exec \(tracer) -e inject=close:error=EIO '\(Programs.kist)' dump latest:part-0/file-3 > '\(file)'"
    let outcome = try place.run(["/bin/sh", "-c", line])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains("Input/output error"), "\(outcome)")
  }
}
