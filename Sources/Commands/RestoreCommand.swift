import Mirroring
import ArgumentParser
import Backups
import Browsing
import CoreTypes
import Files
import Repositories
import Restoring
import Storage
import Threading
import Trees

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Bring back a snapshot, or a part of it.",
    discussion: """
      A snapshot of one folder fills the target with that folder's content; one of several folders \
      restores them below their full paths. With :PATH, the target gets what is in that folder.

        kist restore latest --target /tmp/out
        kist restore latest:/home/ann/letter.odt --target /tmp
        kist restore latest --target ~ --include '*.odt' --include /home/ann/Pictures
        kist restore latest --target /srv/www --exclude cache --delete --dry-run -v
        kist restore 4f2a:/var/lib/vm --target /var/lib/vm --in-place --verify
        kist restore latest --target out --repair-from ssh://nas/srv/backup

      Files that are there are compared chunk by chunk, and only what differs is fetched and written; \
      so a restore that was stopped goes on when it is started again. What the snapshot lacks stays, \
      unless --delete is given. Something of another kind makes room for what the snapshot has, a \
      folder only if it is empty or with --delete.

      Nothing outside the target is ever written, and no link is followed. A file that has other \
      names (hard links) is replaced, never changed.

      Patterns are restic's: they match the paths that `kist ls` shows; after SNAPSHOT:PATH, the paths \
      below PATH. Without a slash at the front they may begin at any folder. What is below a match \
      matches too. Quote them.

      What is damaged or missing in the repository is taken from a mirror of the profile, or from the copy \
      that --repair-from names, and brought back into the repository. Nobody is asked while all is whole.

      As an ordinary user, owners and devices cannot be restored; what was left out is said once, at the \
      end. Exit status 3 means that something was not restored as it was.
      """,
    aliases: ["extract"]
  )

  @OptionGroup var options: RepositoryOptions

  @Option(name: [.short, .long], help: ArgumentHelp("The folder to fill.", valueName: "folder"))
  var target: String

  @OptionGroup(title: "What to restore") var filter: RestoreFilterOptions

  @Option(
    help: ArgumentHelp(
      """
      Which files that are there may change: always; if-changed (a file of equal size and time is \
      taken for equal); if-newer (only what is older than the snapshot's); never.
      """,
      valueName: "rule"
    )
  )
  var overwrite: OverwriteRule = .always

  @Flag(help: "Remove what the snapshot lacks from what is restored; look with --dry-run -v.")
  var delete = false

  @Flag(help: "Like --delete, and remove what the backup's own rules left out, too.")
  var deleteExcluded = false

  @Flag(
    help: """
      Overwrite files where they differ, instead of making a copy right that then takes the name. \
      Needs no room for the copy; a file is neither old nor new while it is written.
      """
  )
  var inPlace = false

  @Flag(
    name: [.customShort("n"), .long],
    help: "Say what would be done, with -v to each entry; do nothing."
  )
  var dryRun = false

  @Flag(help: "Read every restored file back from the disk and compare it.")
  var verify = false

  @OptionGroup var spare: SpareOptions

  @OptionGroup(title: "Which snapshot latest is") var among: SnapshotFilterOptions

  @OptionGroup(title: "Who owns it") var owners: RestoreOwnerOptions

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
    if target.isEmpty { throw ValidationError("--target needs the path of a folder") }
    if dryRun, verify {
      throw ValidationError("--verify reads what was restored; --dry-run restores nothing")
    }
  }

  func run() throws {
    try refuseToEmptyTheRoot()
    let console = options.console
    try RestorePlace.refuseStores(target: target)
    let chosen = try filter.filter()
    let repository = try options.openToRead()
    // Whoever types a password takes time that is not ours.
    let start = SystemClock.monotonicNanoseconds()
    let spares = try spare.use(
      for: repository,
      options,
      keeping: dryRun ? .used : .broughtBack
    )
    defer { spares?.finish(console) }
    let name = SnapshotName(snapshot)
    let record = try repository.findSnapshot(name.id, among: try among.filter())
    try repository.requireHeld(record.id)
    let content = try repository.snapshot(record)
    try refuseToRemoveExcluded(of: content)
    let path = try path(name, in: record, content, of: repository)
    let plan = try plan(content, below: path, chosen, from: repository.store)
    let refused = RefusedAttributes()
    let progress = RestoreProgress(journal: journal) { finding in
      if refused.collects(finding) { return }
      console.warn(RestoreDisplay.warning(finding, asJSON: console.isJSON))
    } reportRoom: { room in
      console.warn(RestoreDisplay.warning(room, asJSON: console.isJSON))
    }
    let display = ProgressLine(console: console) { seconds in
      RestoreDisplay.line(progress, seconds: seconds)
    } status: { seconds in
      RestoreDisplay.status(progress, seconds: seconds)
    }
    defer { display.finish() }
    try Interruption.explained(
      RestoreDisplay.meaningOfStop(unfinished: progress.unfinished.count),
      advice: "Run the same command again to go on: what is there is not fetched again."
    ) {
      do {
        try RestorePipeline(repository: repository, plan: plan, progress: progress) {
          InterruptFlag.isRaised
        }.run()
      } catch BackupError.target(let path, let error) where error.isNoSpace {
        throw Explanation.failure(ofFull: plan.target, at: path, progress)
      }
    }
    display.finish()
    for line in refused.summary(asJSON: console.isJSON) { console.warn(line) }
    let hasDamage = progress.findings.kept.contains {
      if case .damagedContent(let error) = $0.reason { Self.isDamage(error) } else { false }
    }
    if hasDamage {
      FarDamage.note(options)
      if spares == nil, !console.isJSON {
        console.warn(
          paragraph:
            "What is damaged here comes from a copy of the repository with --repair-from COPY; run it again with that."
        )
      }
    }
    let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    noteNothingMatched(progress.counters)
    show(progress.counters, seconds: seconds)
    if progress.counters.errors > 0 { throw ExitCode(ExitStatus.incomplete.rawValue) }
  }

  /// False where this machine may not read what is there: another copy is not what helps.
  private static func isDamage(_ error: any Error) -> Bool {
    if case TreeReadError<RepositoryError>.load(let error) = error { return isDamage(error) }
    return Explanation.failure(of: error).map { $0.status == .damage } ?? true
  }

  /// Where in the snapshot the restore begins; what is not there is named as it was typed.
  private func path(
    _ name: SnapshotName,
    in record: Record,
    _ content: Snapshot,
    of repository: OpenRepository
  ) throws -> [[UInt8]] {
    guard name.hasPath else { return [] }
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    return try name.foundPath(
      in: OpenedSnapshot(record: record, content: content, tags: []),
      reader: source.reader
    )
  }

  private func plan(
    _ content: Snapshot,
    below path: [[UInt8]],
    _ filter: RestoreFilter?,
    from store: any BlobStore
  ) throws -> RestorePlan {
    var plan = RestorePlan(
      snapshot: content,
      subpath: path,
      target: Array(target.utf8),
      workerCount: jobs ?? RepositoryPlace.readerCount(store),
      owners: try owners.rule(for: content)
    )
    plan.filter = filter
    plan.overwrite = overwrite
    plan.patching = inPlace ? .inPlace : .copy
    plan.extras = removesExtras ? .remove : .keep
    plan.effect = dryRun ? .foresee : .restore
    plan.proof = verify ? .readBack : .none
    let folders = try options.folders()
    plan.untouchable = Set(
      [folders.cache, folders.state, try options.place().folder]
        .compactMap { $0.flatMap { FolderIdentity(path: $0) } }
    )
    return plan
  }

  /// As in restic: `--delete` with `--target /` would remove whatever the snapshot did not see.
  private func refuseToEmptyTheRoot() throws {
    guard removesExtras, filter.isEmpty else { return }
    let isRoot: Bool
    do {
      let top = try DirectoryHandle.open(path: "/").status()
      let status = try DirectoryHandle.open(path: target).status()
      isRoot = status.inode == top.inode && status.device == top.device
    } catch {
      // Not there, or not readable: the restore itself will tell.
      return
    }
    guard isRoot else { return }
    throw Failure(
      .refusedForSafety,
      "--delete with --target / would remove everything that the snapshot lacks",
      meaning: "Nothing was changed.",
      advice: "Say with --include or --exclude what it is about."
    )
  }

  private var removesExtras: Bool { delete || deleteExcluded }

  /// As in rsync: what rules left out of the snapshot is not taken for something that was removed.
  ///
  /// Mount points need no such care: nothing is removed across them.
  private func refuseToRemoveExcluded(of content: Snapshot) throws {
    let rules = content.rules.map(\.name).filter { $0 != "one-file-system" }
    guard delete, !deleteExcluded, !rules.isEmpty else { return }
    throw Failure(
      .refusedForSafety,
      "--delete would also remove what the backup left out by its rules (\(rules.joined(separator: ", ")))",
      meaning: "Nothing was changed.",
      advice:
        "See what would go with --delete-excluded --dry-run -v; if all of that may go, leave out --dry-run."
    )
  }

  /// Tells what was done with each entry, where that is asked for.
  private var journal: RestoreProgress.Journal? {
    let console = options.console
    guard console.verbosity == .verbose else { return nil }
    let showsAll = !dryRun || console.isJSON
    return { action, path, byteCount in
      switch action {
      // A rehearsal tells what would change.
      case .unchanged, .kept: if !showsAll { return }
      case .created, .replaced, .updated, .attributesChanged, .removed: break
      }
      console.entry(
        console.isJSON
          ? RestoreDisplay.json(action, path, byteCount).line
          : RestoreDisplay.text(action, path, byteCount)
      )
    }
  }

  private func noteNothingMatched(_ counters: RestoreCounters) {
    guard !filter.isEmpty, counters.files + counters.filesSkipped + counters.others == 0 else {
      return
    }
    guard filter.includes else {
      return options.console.warn(
        paragraph: "nothing was restored: everything in the snapshot is excluded by a pattern"
      )
    }
    options.console.warn(
      paragraph:
        "nothing matched: a pattern that begins with / is compared with the whole path, as `kist ls` "
        + "shows it; any other may begin at any folder in it"
    )
  }

  private func show(_ counters: RestoreCounters, seconds: Double) {
    if options.json {
      options.console.result(
        RestoreDisplay.summary(counters, seconds: seconds, isDryRun: dryRun).line
      )
    } else {
      let lines = RestoreDisplay.text(
        counters,
        seconds: seconds,
        isDryRun: dryRun,
        overwrite: overwrite
      )
      for line in lines { options.console.say(line) }
    }
  }
}

extension OverwriteRule: ExpressibleByArgument {}
