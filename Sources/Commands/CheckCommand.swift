import ArgumentParser
import Backups
import Files
import Repositories
import Synchronization
import Threading

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Prove that the repository is whole.",
    discussion: """
      Checks every record's signature, every list of objects, every tree, and that every chunk of every \
      snapshot is there. With --read-data, every byte of every pack is read, opened, and compared with \
      its name.

        kist check
        kist check --read-data

      What is found damaged is named and remembered: the next backup of the same files stores it anew.
      """,
    aliases: ["verify"]
  )

  @OptionGroup var options: RepositoryOptions

  @Flag(help: "Read and open everything that is stored.")
  var readData = false

  func run() throws {
    let console = options.console
    let start = SystemClock.monotonicNanoseconds()
    let repository = try options.open()
    let state = CheckProgress()
    let display = ProgressLine(console: console) { seconds in
      let now = state.now
      return
        "\(Quantities.duration(seconds))  \(now.packs) of \(Quantities.count(now.of, "pack"))  "
        + Quantities.bytes(now.bytes)
    } status: { seconds in
      let now = state.now
      return JSONText([
        "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
        "packs_done": .number(now.packs), "total_packs": .number(now.of),
        "bytes_read": .number(now.bytes),
      ])
    }
    defer { display.finish() }
    let report = try Interruption.explained("What was checked so far was not reported.") {
      try check(repository, state: state)
    }
    display.finish()
    name(report.findings)
    show(report, seconds: Double(SystemClock.monotonicNanoseconds() - start) / 1e9)
    if !report.findings.isEmpty { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  private func check(
    _ repository: OpenRepository,
    state: CheckProgress
  ) throws
    -> CheckReport
  {
    try CheckPipeline(
      repository: repository,
      readsData: readData,
      workerCount: usableProcessorCount(),
      progress: { state.reached(packs: $0, of: $1, bytes: $2) }
    ) { InterruptFlag.isRaised }.run()
  }

  /// Names every finding; of missing objects, which come in thousands when a pack is gone, only the first few.
  private func name(_ findings: [CheckFinding]) {
    var missing = 0
    for finding in findings {
      if options.console.isJSON {
        options.console.warn(
          JSONText([
            "message_type": .text("error"), "message": .text(Explanation.text(finding)),
            "data_loss": .flag(finding.isLoss),
          ]).line
        )
        continue
      }
      if case .missingObject = finding {
        missing += 1
        if missing > Self.shownMissingObjects { continue }
      }
      options.console.warn(Explanation.text(finding))
    }
    if missing > Self.shownMissingObjects, !options.console.isJSON {
      options.console.warn(
        "… and \(Quantities.count(missing - Self.shownMissingObjects)) more missing objects"
      )
    }
  }

  private static let shownMissingObjects = 3

  private func show(_ report: CheckReport, seconds: Double) {
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("summary"), "packs": .number(report.packs),
          "objects": .number(report.objects), "bytes_read": .number(report.bytesRead),
          "snapshots": .number(report.snapshots), "files": .number(report.files),
          "finding_count": .number(report.findings.count), "data_read": .flag(readData),
          "total_duration": .decimal(seconds),
        ]).line
      )
      return
    }
    options.console.say(
      "\(Quantities.count(report.packs, "pack")), \(Quantities.count(report.objects, "object")), "
        + "\(Quantities.count(report.snapshots, "snapshot")), "
        + "\(Quantities.bytes(report.bytesRead)) read in \(Quantities.duration(seconds))"
    )
    if report.findings.isEmpty {
      options.console.say(
        readData
          ? "no errors: every byte was read and proven"
          : "no errors; the data itself was not read (--read-data does that)"
      )
    } else {
      options.console.warn(
        "\(Quantities.count(report.findings.count, "finding")), named above. "
          + "Back up the same files again to store anew what is damaged; "
          + "older snapshots of files that are gone stay incomplete."
      )
    }
  }
}

/// How far a check has come, noted by its workers and read by the display.
private final class CheckProgress: Sendable {
  /// Packs done, packs in all, bytes read.
  struct Reached: Sendable {
    var packs = 0
    var of = 0
    var bytes = 0
  }

  private let state = Mutex(Reached())

  var now: Reached { state.withLock { $0 } }

  func reached(packs: Int, of: Int, bytes: Int) {
    state.withLock { state in
      state = Reached(packs: max(state.packs, packs), of: of, bytes: max(state.bytes, bytes))
    }
  }
}
