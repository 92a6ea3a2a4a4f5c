import Trees
import ArgumentParser
import Backups
import CoreTypes
import Files
import Repositories
import Restoring
import Synchronization
import Threading
import Trees

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Bring back a snapshot, or a part of it.",
    discussion: """
      A snapshot of one folder fills the target with that folder's content; one of several folders \
      restores them below their full paths.

        kist restore latest --target /tmp/out
        kist restore latest:/home/ann/letter.odt --target /tmp

      What is in the target already is kept, unless the snapshot has something of the same name. \
      Nothing outside the target is ever written, and no link is followed.
      """,
    aliases: ["extract"]
  )

  @OptionGroup var options: RepositoryOptions

  @Option(name: [.short, .long], help: ArgumentHelp("The folder to fill.", valueName: "folder"))
  var target: String

  @Option(
    help: ArgumentHelp("Threads that decompress and write (default: one a core).", valueName: "n")
  )
  var jobs: Int?

  @Argument(help: "A snapshot: id, start of an id, latest, latest~N; may be followed by :PATH.")
  var snapshot: String

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) {
      throw ValidationError("--jobs takes a number from 1 to 256")
    }
  }

  func run() throws {
    let console = options.console
    let start = SystemClock.monotonicNanoseconds()
    let repository = try options.open()
    let name = SnapshotName(snapshot)
    let content = try repository.snapshot(try repository.findSnapshot(name.id))
    let refused = RefusedAttributes()
    let progress = RestoreProgress { finding in
      if refused.collects(finding) { return }
      console.warn(Self.warning(finding, asJSON: console.isJSON))
    }
    let totals = content.totals
    let display = ProgressLine(console: console) { seconds in
      RestoreDisplay.line(
        progress.counters,
        of: totals,
        current: progress.current,
        seconds: seconds
      )
    } status: { seconds in
      RestoreDisplay.status(progress.counters, of: totals, seconds: seconds)
    }
    defer { display.finish() }
    try Interruption.explained(
      "Files that were restored so far are whole, but for those being written when you stopped."
    ) {
      try restore(content, below: name, from: repository, progress: progress)
    }
    display.finish()
    for line in refused.summary { console.warn(line) }
    show(progress.counters, seconds: Double(SystemClock.monotonicNanoseconds() - start) / 1e9)
    if progress.counters.errors > 0 { throw ExitCode(ExitStatus.incomplete.rawValue) }
  }

  private func restore(
    _ content: Snapshot,
    below name: SnapshotName,
    from repository: OpenRepository,
    progress: RestoreProgress
  ) throws {
    try RestorePipeline(
      repository: repository,
      plan: RestorePlan(
        snapshot: content,
        subpath: try name.path(in: content) ?? [],
        target: Array(target.utf8),
        workerCount: jobs ?? usableProcessorCount(),
        setsOwner: ProcessEnvironment.userID == 0
      ),
      progress: progress
    ) { InterruptFlag.isRaised }.run()
  }

  private func show(_ counters: RestoreCounters, seconds: Double) {
    if options.json {
      options.console.result(RestoreDisplay.summary(counters, seconds: seconds).line)
    } else {
      options.console.say(
        "restored \(Quantities.count(counters.files, "file")), "
          + "\(Quantities.count(counters.folders, "folder")), "
          + "\(Quantities.count(counters.others)) other entries, "
          + "\(Quantities.bytes(counters.bytes)) in \(Quantities.duration(seconds))"
      )
    }
  }

  private static func warning(_ finding: RestoreFinding, asJSON: Bool) -> String {
    guard asJSON else { return Explanation.text(finding) }
    return JSONText([
      "message_type": .text("error"), "item": JSONText.name(finding.path),
      "message": .text(Explanation.text(finding)),
    ]).line
  }
}

/// Attributes that this user may not set are summed up once instead of named for every file.
private final class RefusedAttributes: Sendable {
  private let counts = Mutex<[RestoreFinding.AttributeKind: Int]>([:])
  private let devices = Mutex(0)

  func collects(_ finding: RestoreFinding) -> Bool {
    switch finding.reason {
    case .attributes(let kind, _, let errno) where errno == 1 || errno == 95:
      counts.withLock { $0[kind, default: 0] += 1 }
      return true
    case .deviceSkipped:
      devices.withLock { $0 += 1 }
      return true
    case .attributes, .notRestored, .damagedContent, .inTheWay: return false
    }
  }

  var summary: [String] {
    var lines = RestoreFinding.AttributeKind.allCases.compactMap { kind in
      counts.withLock { $0[kind] }.map {
        "\(kind.rawValue) of \(Quantities.count($0, "entry", "entries")) not set: not permitted or not supported here"
      }
    }
    let skipped = devices.withLock { $0 }
    if skipped > 0 {
      lines.append("\(Quantities.count(skipped, "device")) not made: it needs privileges")
    }
    return lines
  }
}
