import ArgumentParser
import Backups
import CoreTypes
import Files
import Profiles
import Repositories
import Scanning
import Sealing
import Threading
import Trees

/// Options that say how a backup is made.
struct BackupOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A tag for the snapshot, or several with commas; may be given more than once.",
      valueName: "tag"
    )
  )
  var tag: [String] = []

  @Option(
    name: [.customShort("H"), .long],
    help: ArgumentHelp("Name of this machine in the snapshot.", valueName: "name")
  )
  var host: String?

  @Option(
    help: ArgumentHelp(
      "The time that the snapshot bears, such as 2026-11-21 or '2026-11-21 08:30' (default: now).",
      valueName: "time"
    )
  )
  var time: TimeBound?

  @Option(
    help: ArgumentHelp(
      "The snapshot to follow and compare with (default: the newest of this host and these paths).",
      valueName: "snapshot"
    )
  )
  var parent: String?

  @Flag(name: [.customShort("f"), .long], help: "Read every file, known or not.")
  var force = false

  @Flag(
    help: """
      Take a file as unchanged if size and modification time are those of the snapshot before: for \
      moved disks and network folders. Other changes may be missed.
      """
  )
  var trustMtime = false

  @Flag(
    name: [.customShort("n"), .long],
    help: "Say what would be added, with -v each file, and write nothing."
  )
  var dryRun = false

  @Option(
    help: ArgumentHelp("How hard to compress.", valueName: "level")
  )
  var compression: CompressionLevel = .auto

  @Option(
    help: ArgumentHelp("Threads that read and compress (default: one a core).", valueName: "n")
  )
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "Write at most so many bytes a second, such as 500K or 2M (units of 1,024).",
      valueName: "rate"
    )
  )
  var limitUpload: ByteRate?

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) {
      throw ValidationError("--jobs takes a number from 1 to 256")
    }
    if force, trustMtime { throw ValidationError("--force or --trust-mtime") }
  }

  private var tags: [String] {
    tag.flatMap(TagText.list)
  }

  /// Tags and host, of the command line or the profile, must be names that can be told apart and shown.
  private func requireNames() throws {
    guard tags.count <= 256 else { throw ValidationError("at most 256 tags") }
    for tag in tags { try GivenName.require(tag, "tag") }
    if let host { try GivenName.require(host, "host") }
  }

  /// The same with the profile's host and tags where the command line has none.
  func completed(by profile: Profile?) throws -> BackupOptions {
    var completed = self
    completed.host = host ?? profile?.host
    if tag.isEmpty { completed.tag = profile?.tags ?? [] }
    try completed.requireNames()
    return completed
  }

  /// The plan that the options are.
  func plan(
    _ source: SourceOptions,
    rules: SourceRules,
    in repository: OpenRepository,
    console: Console
  ) throws -> BackupPlan {
    let parent = try parent.map { try repository.findSnapshot($0).id }
    let wanted = try source.source()
    for pattern in wanted.unmatched {
      console.warn("warning: \(DisplayedName.text(pattern)) stands for nothing here; left out")
    }
    var plan = BackupPlan(
      roots: wanted.roots,
      compression: compression.choice,
      workerCount: jobs ?? usableProcessorCount(),
      host: host ?? ProcessEnvironment.hostName,
      user: Surroundings.user,
      program: Surroundings.program,
      tags: tags,
      time: Surroundings.now
    )
    plan.rules = rules
    plan.statedTime = time.map {
      PointInTime(seconds: $0.first.seconds, nanoseconds: $0.first.nanoseconds)
    }
    plan.stream = wanted.stream
    plan.detection = force ? .read : trustMtime ? .modificationTime : .changeTime
    plan.parent = parent
    limitUpload?.explain("--limit-upload", console)
    plan.uploadLimit = limitUpload?.bytesPerSecond
    plan.effect = dryRun ? .rehearsal : .snapshot
    return plan
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
