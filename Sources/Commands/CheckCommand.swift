import ArgumentParser
import Backups
import CoreTypes
import Files
import Mirroring
import Repositories
import Storage

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Prove that the repository is whole.",
    discussion: """
      Checks every record's signature, every list of objects, every tree, and that every chunk of every \
      snapshot is there. With --read-data, every byte of every pack is read, opened, and compared with \
      its name; with --read-data-subset, that of some packs.

        kist check
        kist check --read-data
        kist check --read-data-subset 1/7     # another seventh each day
        kist check --read-data-subset 5%      # or 2G; chosen at random
        kist check --read-data --repair-from ssh://nas/srv/backup
        kist check --without-key --repair-from pipe:'socat - TCP:nas:7000'
        kist check --read-data --repair       # after the next backup

      What is found damaged is named and remembered: the next backup of the same files stores it anew. \
      --repair-from brings it back from another copy: objects, records, lists, keys, damaged key slots, the \
      configuration. Missing key slots stay away, as they may have been removed. \
      --repair then puts in order what is left: damaged packs are written anew, and what is lost, and was \
      stored anew since, is no longer asked for. No object that a snapshot needs is let go. Records that are \
      damaged or missing are given up: the snapshots that they were are lost, all others stay. \
      Both make a lost file `store` anew.
      """,
    aliases: ["verify"]
  )

  @OptionGroup var options: RepositoryOptions

  @Flag(help: "Read and open everything that is stored.")
  var readData = false

  @Option(
    help: ArgumentHelp(
      "Read and open a part of the packs: 5%, 2G, or 1/7 (always the same seventh).",
      valueName: "part"
    )
  )
  var readDataSubset: DataSubset?

  @Flag(
    help: "Check without the password: hashes, signatures, order, completeness; nothing is opened."
  )
  var withoutKey = false

  @Option(
    help: ArgumentHelp(
      "Bring back what is damaged or missing from another copy: a folder, ssh://host/folder, or pipe:COMMAND.",
      valueName: "destination"
    )
  )
  var repairFrom: String?

  @Flag(
    help:
      "Write damaged packs anew, let go of lost objects whose content was stored anew, and give up lost records."
  )
  var repair = false

  @Flag(
    help: "The copy is to have no key slots (mirror push --no-keys): that it has none is no damage."
  )
  var noKeys = false

  func validate() throws {
    if repair, withoutKey {
      throw ValidationError("--repair needs the password: without it nobody knows what is needed")
    }
    if readData, readDataSubset != nil {
      throw ValidationError("--read-data, or --read-data-subset")
    }
  }

  private var reading: DataReading {
    if readData { return .everything }
    guard let readDataSubset else { return .heads }
    var random = SystemRandomNumberGenerator()
    return .some(PackSubset(readDataSubset.extent, seed: random.next()))
  }

  func run() throws {
    let isMending = repair || repairFrom != nil
    try FullDisk.explained(
      by: isMending
        ? "Not all was put in order: what is named above stays as it was. Nothing was removed that a snapshot needs."
        : "The check did not come to its end. The repository is as it was."
    ) {
      try prove()
    }
  }

  private func prove() throws {
    let store = try store()
    let spare = try repairFrom.map { try CheckHealing(options: options, from: $0) }
    let watch = RollbackWatch(options: options)
    let files = try spare?.files(of: store)
    // Behind the files: records that were lost are back then, and no reason to refuse.
    if repair || spare != nil { try watch.refuse(store) }
    let subject = try subject(store)
    let isOlder = watch.warn(subject.log, of: store, subject.configuration)
    let losses = try subject.keyLosses().filter { !noKeys || $0 != .noSlots }
    let report = try report(on: subject, losses)
    let lacking = files?.lacking ?? []
    if report.findings.isEmpty, lacking.isEmpty, losses.isEmpty {
      if repair { try removeSpentFiles(subject) }
      if isOlder { throw ExitCode(ExitStatus.rollback.rawValue) }
      return
    }
    if !report.findings.isEmpty, try mend(subject, report, from: spare),
      // Records that the other copy lacks too were given up.
      lacking.allSatisfy({ repair && $0.kind == .record })
    {
      try note(subject, findings: 0)
      if losses.isEmpty { return }
    }
    throw ExitCode(ExitStatus.damage.rawValue)
  }

  /// Opens the store; where it has lost its number, and is to be repaired, it gets another.
  ///
  /// One that no other copy has: two of the same would be taken for one.
  private func store() throws -> any BlobStore & CommitLocking {
    do {
      return try options.store()
    } catch StorageError.damagedStoreID {
      guard repair || repairFrom != nil, let folder = try options.place().folder else {
        throw StorageError.damagedStoreID
      }
      try StoreLayout.renumber(at: folder)
      options.console.note(
        "the file `store` was lost or damaged, and is made anew: this copy has a new number"
      )
      return try options.store()
    }
  }

  /// Checks, notes and says what was found; throws if there is no record, or if nobody can open it and nothing is to be
  /// brought back.
  private func report(
    on subject: CheckSubject,
    _ losses: [KeyFiles.Loss]
  ) throws -> CheckReport {
    let console = options.console
    let reading = reading
    // Whoever types a password takes time that is not ours.
    let start = SystemClock.monotonicNanoseconds()
    let report = try check(subject, reading)
    // Where there are records that are refused, or damaged, a repair has something to begin with.
    let isRepairable = repair && !subject.log.files.isEmpty && !withoutKey
    let isUnrecorded = report.packs > 0 && subject.log.records.isEmpty && !isRepairable
    try note(subject, findings: report.findingCount + (isUnrecorded ? 1 : 0))
    let text = CheckText(
      console: console,
      reading: reading,
      mending: repair || repairFrom != nil ? .asked : .notAsked,
      opening: subject.opening
    )
    let naming = CheckNaming(console: console)
    naming.name(strangers: report.strangers)
    if !repair { naming.name(spent: subject.log.spentFiles) }
    text.show(
      report,
      named: naming.name(report.findings),
      !losses.isEmpty ? .locked : isUnrecorded ? .unrecorded : .recorded,
      seconds: Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    )
    KeyLossText.warn(losses, console)
    if !losses.isEmpty, repairFrom == nil { throw ExitCode(ExitStatus.damage.rawValue) }
    if isUnrecorded {
      text.warnOfNoRecords(hasFiles: !subject.log.files.isEmpty)
      throw ExitCode(ExitStatus.damage.rawValue)
    }
    return report
  }

  private func check(_ subject: CheckSubject, _ reading: DataReading) throws -> CheckReport {
    let progress = CheckProgress()
    let display = progress.line(on: options.console)
    defer { display.finish() }
    let report = try subject.check(reading, progress: progress)
    guard report.isInterrupted else { return report }
    display.finish()
    throw try stop(subject, report, progress.now)
  }

  /// Names what was found before a stop, notes it, and says how far the check came.
  private func stop(
    _ subject: CheckSubject,
    _ report: CheckReport,
    _ reached: CheckProgress.Reached
  ) throws -> Failure {
    _ = CheckNaming(console: options.console).name(report.findings)
    let found = report.findingCount
    // Less than was asked for shows damage, and proves nothing else.
    if found > 0 { try note(subject, findings: found) }
    let extent = "\(Quantities.part(reached.packs, of: report.packs, "pack")) checked; "
    return Failure(
      .interrupted,
      "stopped as asked",
      meaning: extent
        + (found > 0
          ? "what was found in them is named above, and the next backup of the same files stores it anew. "
            + "Which files need it was not looked up to the end."
          : "nothing was found in them.") + " Nothing was changed.",
      advice: "Run the same command again for the rest"
        + (found > 0 && subject.opening == .keyed
          ? ". `kist check`, to its end, names the files, without reading the data again." : ".")
    )
  }

  /// Brings back what `spare` has, then puts in order what is left; true if all that was found is whole again.
  private func mend(
    _ subject: CheckSubject,
    _ report: CheckReport,
    from spare: CheckHealing?
  ) throws -> Bool {
    if let spare, try spare.objects(of: try subject.keyless(), report) { return true }
    guard repair else { return false }
    guard case .open(let repository) = subject else {
      throw Failure(
        .usage,
        "--repair needs the password",
        meaning: "Nothing was changed.",
        advice: "Without one, --repair-from COPY brings back what another copy has."
      )
    }
    return try CheckRepair(
      options: options,
      repository: repository,
      keyless: try subject.keyless()
    ).run(report)
  }

  /// Removes damaged files of records that were given up; where a machine does not let them go, says so.
  private func removeSpentFiles(_ subject: CheckSubject) throws {
    guard case .open(let repository) = subject else { return }
    let records = LostRecordRepair(
      options: options,
      repository: repository,
      keyless: try subject.keyless()
    )
    var outcome = LostRecordRepair.Outcome()
    try records.removeFiles(&outcome)
    records.show(outcome)
  }

  /// Notes what was found, for whoever asks after mirrors.
  private func note(_ subject: CheckSubject, findings: Int) throws {
    let extent: Verification.Extent =
      switch reading {
      case .everything: .everything
      case .heads: .lists
      case .some: .part
      }
    MirrorNoting(folders: try options.folders(), console: options.console).enter(
      check: Verification(time: Surroundings.now.seconds, extent: extent),
      findings: findings,
      of: subject.configuration.repositoryID,
      store: subject.store.id
    )
  }

  private func subject(_ store: any BlobStore & CommitLocking) throws -> CheckSubject {
    guard try isKeyless(store) else { return .open(try options.openWithoutRemarks(store)) }
    return .keyless(try KeylessRepository(store: store, folders: try options.folders()))
  }

  /// True if asked for, if no slot could be opened anyway, or if there is no password and no one to ask.
  private func isKeyless(_ store: any BlobStore) throws -> Bool {
    if withoutKey { return true }
    if try store.names(of: .slot).isEmpty {
      options.console.say("there are no key slots here: checking without a key")
      return true
    }
    let source = try options.passwordSource()
    guard source.isInteractive, !Terminal.isThere else { return false }
    options.console.say("no password was given: checking without a key")
    return true
  }
}
