import ArgumentParser
import Backups
import CoreTypes
import Files
import Indexing
import Repositories
import Scanning
import Sealing
import Threading

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Make a snapshot of folders and files.",
    discussion: """
      Unchanged files are recognised and not opened; what the repository has is not stored again.

        kist backup ~/Documents ~/Pictures
        kist backup --compression max /srv/archive

      Exit status 0 means that data, names and the snapshot's record are on the disk. With 3 the \
      snapshot was kept, but something could not be read; it is named.
      """,
    aliases: ["snapshot", "create"]
  )

  @OptionGroup var options: RepositoryOptions

  @Option(
    help: ArgumentHelp("off, fastest, auto, better or max.", valueName: "level")
  )
  var compression: CompressionLevel = .auto

  @Option(
    help: ArgumentHelp("Threads that read and compress (default: one a core).", valueName: "n")
  )
  var jobs: Int?

  @Option(help: ArgumentHelp("Name of this machine in the snapshot.", valueName: "name"))
  var host: String?

  @Option(
    help: ArgumentHelp("A tag for the snapshot; may be given more than once.", valueName: "tag")
  )
  var tag: [String] = []

  @Argument(help: "Folders and files.")
  var paths: [String]

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) {
      throw ValidationError("--jobs takes a number from 1 to 256")
    }
    if tag.count > 256 { throw ValidationError("at most 256 tags") }
  }

  func run() throws {
    let console = options.console
    let start = SystemClock.monotonicNanoseconds()
    let folders = try options.folders()
    let repository = try options.open()
    let identity = repository.configuration.repositoryID
    let enrolment = WriterEnrolment(
      repository: repository,
      memory: try ClientMemory(stateFolder: folders.state, repository: identity)
    )
    try enrolment.refuseRollback()
    let hostName = host ?? ProcessEnvironment.hostName
    let signer = try enrolment.signer(
      label: "\(Surroundings.user)@\(hostName)",
      host: hostName,
      time: Surroundings.now
    )
    let cache = try ScanCacheFolder.open(folders.scanCache(of: identity), repository: identity)
    let plan = BackupPlan(
      roots: try roots(),
      compression: compression.choice,
      workerCount: jobs ?? usableProcessorCount(),
      host: hostName,
      user: Surroundings.user,
      program: "kist \(Surroundings.version)",
      tags: tag,
      time: Surroundings.now
    )
    let progress = BackupProgress { finding in
      if finding.isLoss || console.verbosity == .verbose {
        console.warn(Self.warning(finding, asJSON: console.isJSON))
      }
    }
    let display = ProgressLine(console: console) { seconds in
      BackupDisplay.line(progress.counters, current: progress.current, seconds: seconds)
    } status: { seconds in
      BackupDisplay.status(progress.counters, current: progress.current, seconds: seconds)
    }
    defer { display.finish() }
    let summary = try BackupPipeline(
      repository: repository,
      signer: signer,
      cache: cache,
      plan: plan,
      progress: progress
    ) { InterruptFlag.isRaised }.run()
    display.finish()
    do {
      try enrolment.remember()
    } catch {
      console.warn(
        "warning: cannot remember the repository's state in \(folders.state): \(error.reason)"
      )
    }
    let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    if options.json {
      console.result(BackupDisplay.summary(summary, seconds: seconds).line)
    } else {
      for line in BackupDisplay.text(summary, seconds: seconds) { console.say(line) }
    }
    if summary.progress.errors > 0 {
      throw ExitCode(ExitStatus.incomplete.rawValue)
    }
  }

  /// Cleaned, sorted, distinct; one below another root is dropped because it is in it.
  private func roots() throws -> [[UInt8]] {
    let here = try ProcessEnvironment.workingFolder()
    var cleaned: [[UInt8]] = []
    for path in paths {
      guard !path.isEmpty else { throw Failure(.usage, "an empty path names nothing") }
      cleaned.append(RootPath.cleaned(Array(path.utf8), workingFolder: here))
    }
    cleaned.sort { $0.lexicographicallyPrecedes($1) }
    var roots: [[UInt8]] = []
    for path in cleaned {
      let isBelow = roots.contains { root in
        path == root || path.starts(with: root.last == 47 ? root : root + [47])
      }
      if !isBelow { roots.append(path) }
    }
    return roots
  }

  private static func warning(_ finding: SourceFinding, asJSON: Bool) -> String {
    guard asJSON else { return Explanation.text(finding) }
    return JSONText([
      "message_type": .text("error"), "item": JSONText.name(finding.path),
      "message": .text(Explanation.text(finding)),
    ]).line
  }
}

/// The names of compression levels, restic's and zstd's.
enum CompressionLevel: String, ExpressibleByArgument, CaseIterable {
  case off
  case fastest
  case auto
  case better
  case max

  var choice: CompressionChoice {
    switch self {
    case .off: .off
    case .fastest: .level(1)
    case .auto: .standard
    case .better: .level(8)
    case .max: .level(19)
    }
  }
}
