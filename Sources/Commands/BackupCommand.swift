import ArgumentParser
import Backups
import CoreTypes
import Files
import Mirroring
import Repositories
import Scanning
import Sealing
import Sodium
import Threading

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Make a snapshot of folders and files.",
    discussion: """
      Unchanged files are recognised and not opened; what the repository has is not stored again.

        kist backup ~/Documents ~/Pictures
        kist -P laptop backup
        kist backup ~ --exclude-caches --exclude '*.iso' --exclude ~/Downloads
        kist backup / -x --exclude /var/tmp --exclude-larger-than 4G
        kist backup --dry-run -v ~/Documents
        find . -name '*.tex' -print0 | kist backup --files-from0 -
        kist backup --stdin-from-command --stdin-filename db.sql -- pg_dump shop

      In a pattern, * ? and [a-z] match within a name, ** any number of folders. A pattern that \
      begins with / is bound to the top; any other may begin at any name. What is below a match is \
      left out too. A pattern that begins with ! takes back what earlier ones left out, but nothing \
      in a folder that is left out itself.

      Exit status 0 means that data, names and the snapshot's record are on the disk. With 3 the \
      snapshot was kept, but something could not be read; it is named.
      """,
    aliases: ["snapshot", "create"]
  )

  @OptionGroup(title: "What is backed up") var source: SourceOptions

  @OptionGroup(title: "What is left out") var rules: RuleOptions

  @OptionGroup(title: "How") var manner: BackupOptions

  @OptionGroup var options: RepositoryOptions

  func run() throws {
    let console = options.console
    let profile = try options.profile()
    let source = try source.completed(by: profile)
    var rules = try rules.completed(by: profile).rules()
    let folders = try options.folders()
    let repository = try options.open()
    OpeningWarnings.tell(ofChanged: try repository.leaveOutChangedPacks(), on: console)
    try repository.requireWhole()
    // By now it is there.
    rules.cacheInUse = folders.cacheInUse
    rules.repositoryInUse = try options.place().folder.flatMap { FolderIdentity(path: $0) }
    // Whoever types a password takes time that is not ours.
    let start = SystemClock.monotonicNanoseconds()
    let identity = repository.configuration.repositoryID
    let signing = try RecordSigning(options: options, repository: repository)
    ClockWatch(console: console).warn(repository.log, now: Surroundings.now)
    let plan = try manner.completed(by: profile)
      .plan(source, rules: rules, in: repository, console: console)
    let progress = Self.progress(console)
    let display = ProgressLine(console: console) { seconds in
      BackupDisplay.line(
        progress.counters,
        current: progress.current,
        waiting: progress.waiting,
        seconds: seconds
      )
    } status: { seconds in
      BackupDisplay.status(
        progress.counters,
        current: progress.current,
        waiting: progress.waiting,
        seconds: seconds
      )
    }
    defer { display.finish() }
    let pipeline = BackupPipeline(
      repository: repository,
      signer: try signer(signing, plan),
      cache: try ScanCache(path: folders.scanCache(of: identity), repository: identity),
      plan: plan,
      progress: progress
    ) { InterruptFlag.isRaised }
    let result: BackupDisplay.Result
    switch plan.effect {
    case .rehearsal: result = .rehearsal(try pipeline.rehearse())
    case .snapshot:
      result = .snapshot(try pipeline.run())
      signing.remember()
    }
    display.finish()
    let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    if options.json {
      console.result(BackupDisplay.summary(result, seconds: seconds).line)
    } else {
      for line in BackupDisplay.text(result, seconds: seconds) { console.say(line) }
    }
    if let remote = repository.store as? RemoteStore, !options.json, console.verbosity == .verbose {
      let traffic = remote.traffic
      console.say(
        "\(Quantities.bytes(Int(clamping: traffic.sent))) out, "
          + "\(Quantities.bytes(Int(clamping: traffic.received))) in"
      )
    }
    if result.counters.errors > 0 {
      throw ExitCode(ExitStatus.incomplete.rawValue)
    }
  }

  /// The key that signs; a rehearsal signs nothing, and enrols nobody.
  private func signer(_ signing: RecordSigning, _ plan: BackupPlan) throws -> SigningKey {
    guard plan.effect == .snapshot else { return SigningKey(seed: SecretBytes(random: 32)) }
    return try signing.signer(user: plan.user, host: plan.host, time: plan.time)
  }

  private static func progress(_ console: Console) -> BackupProgress {
    let isVerbose = console.verbosity == .verbose
    return BackupProgress { finding in
      if finding.isLoss || isVerbose { console.warn(warning(finding, asJSON: console.isJSON)) }
    } observe: { state, path in
      // Asked for each file: nothing is put together unless somebody reads it.
      guard isVerbose, state != .unmodified else { return }
      BackupDisplay.entry(state, path, console)
    } reportStall: { path in
      console.note(
        "\(DisplayedName.text(path)) has not answered for ten seconds; still waiting for it. "
          + "Ctrl-C stops the backup; --one-file-system leaves mounts out."
      )
    } reportSalvage: { salvaged in
      console.note(BackupDisplay.text(salvaged))
    }
  }

  private static func warning(_ finding: SourceFinding, asJSON: Bool) -> String {
    guard asJSON else { return Explanation.text(finding) }
    return JSONText([
      "message_type": .text("error"), "item": JSONText.name(finding.path),
      "message": .text(Explanation.text(finding)),
    ]).line
  }
}
