import ArgumentParser
import Backups
import CoreTypes
import Files
import Mirroring
import Repositories
import Storage
import Synchronization
import Threading

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
      stored anew since, is no longer asked for. Nothing that a snapshot needs is given up.
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
    help: "Write damaged packs anew, and let go of lost objects whose content was stored anew."
  )
  var repair = false

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
    let console = options.console
    let store = try options.store()
    let spare = try repairFrom.map { try CheckRepair(options: options, from: $0) }
    let watch = RollbackWatch(options: options)
    let files = try spare?.files(of: store)
    // Behind the files: records that were lost are back then, and no reason to refuse.
    if repair || spare != nil { try watch.refuse(store) }
    let subject = try subject(store)
    let (log, configuration) = subject.proven
    let isOlder = watch.warn(log, of: store, configuration)
    // Whoever types a password takes time that is not ours.
    let start = SystemClock.monotonicNanoseconds()
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
      try check(subject, state: state)
    }
    display.finish()
    let isUnrecorded = report.packs > 0 && hasNoRecords(subject)
    try note(subject, findings: report.findingCount + (isUnrecorded ? 1 : 0))
    let named = CheckNaming(console: console).name(report.findings)
    show(
      report,
      named: named,
      verdict: isUnrecorded ? nil : verdict(of: report),
      seconds: Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    )
    if try lacksSlots(subject) {
      console.warn("no key slots are left: as it is, nobody can open this repository")
      console.warn(
        paragraph:
          "If the first `kist mirror pull` that was to make this copy was cut off, run it again. Else put back the files of `slots/` from a mirror or from what `kist key export` wrote."
      )
      throw ExitCode(ExitStatus.damage.rawValue)
    }
    if isUnrecorded {
      console.warn(
        "there are packs and no record: no snapshot is known, and every repository begins with a record"
      )
      console.warn(
        paragraph:
          "If the first `kist mirror push` or `pull` that was to make this copy was cut off, run it again. Else `kist check --repair-from COPY` "
          + "brings the records back from a copy."
      )
      throw ExitCode(ExitStatus.damage.rawValue)
    }
    let isWhole = files?.lacking.isEmpty ?? true
    if report.findings.isEmpty, isWhole {
      if isOlder { throw ExitCode(ExitStatus.rollback.rawValue) }
      return
    }
    if !report.findings.isEmpty, try mend(subject, report, from: spare), isWhole {
      try note(subject, findings: 0)
      return
    }
    throw ExitCode(ExitStatus.damage.rawValue)
  }

  /// Brings back what `spare` has, then puts in order what is left; true if all that was found is whole again.
  private func mend(
    _ subject: Subject,
    _ report: CheckReport,
    from spare: CheckRepair?
  ) throws -> Bool {
    if let spare, try spare.objects(of: try keyless(subject), report) { return true }
    guard repair else { return false }
    guard case .open(let repository) = subject else {
      throw Failure(
        .usage,
        "--repair needs the password",
        meaning: "Nothing was changed.",
        advice: "Without one, --repair-from COPY brings back what another copy has."
      )
    }
    return try CheckMending(
      options: options,
      repository: repository,
      keyless: try keyless(subject)
    ).run(report)
  }

  /// Notes what was found, for whoever asks after mirrors.
  private func note(_ subject: Subject, findings: Int) throws {
    let extent: Verification.Extent =
      switch reading {
      case .everything: .everything
      case .heads: .lists
      case .some: .part
      }
    let (repository, store) =
      switch subject {
      case .open(let open): (open.configuration.repositoryID, open.store.id)
      case .keyless(let keyless): (keyless.configuration.repositoryID, keyless.store.id)
      }
    MirrorNoting(folders: try options.folders(), console: options.console).enter(
      check: Verification(time: Surroundings.now.seconds, extent: extent),
      findings: findings,
      of: repository,
      store: store
    )
  }

  private func hasNoRecords(_ subject: Subject) -> Bool {
    switch subject {
    case .open(let repository): repository.log.records.isEmpty
    case .keyless(let repository): repository.log.records.isEmpty
    }
  }

  private func lacksSlots(_ subject: Subject) throws -> Bool {
    guard !withoutKey, case .keyless(let repository) = subject else { return false }
    return try repository.store.names(of: .slot).isEmpty
  }

  private func keyless(_ subject: Subject) throws -> KeylessRepository {
    switch subject {
    case .keyless(let repository): return repository
    case .open(let repository):
      guard let store = repository.store as? any BlobStore & CommitLocking else {
        throw Failure(.failed, "this store cannot be repaired from here")
      }
      return try KeylessRepository(store: store, index: repository.index)
    }
  }

  /// What is checked: with keys where there is a password, else without.
  private enum Subject {
    case open(OpenRepository)
    case keyless(KeylessRepository)

    /// The log as it was opened, and the configuration.
    var proven: (RecordLog, Configuration) {
      switch self {
      case .open(let repository): (repository.log, repository.configuration)
      case .keyless(let repository): (repository.log, repository.configuration)
      }
    }
  }

  private func subject(_ store: any BlobStore & CommitLocking) throws -> Subject {
    guard try isKeyless(store) else { return .open(try options.open(store)) }
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

  private func check(_ subject: Subject, state: CheckProgress) throws -> CheckReport {
    switch subject {
    case .open(let repository):
      try CheckPipeline(
        repository: repository,
        reading: reading,
        workerCount: RepositoryPlace.readerCount(repository.store),
        progress: { state.reached(packs: $0, of: $1, bytes: $2) }
      ) { InterruptFlag.isRaised }.run()
    case .keyless(let repository):
      try KeylessCheckPipeline(
        repository: repository,
        reading: reading,
        workerCount: RepositoryPlace.readerCount(repository.store),
        progress: { state.reached(packs: $0, of: $1, bytes: $2) }
      ) { InterruptFlag.isRaised }.run()
    }
  }

  /// `named` is how many lines name findings, `verdict` what it means that there are none.
  private func show(_ report: CheckReport, named: Int, verdict: String?, seconds: Double) {
    if options.json {
      options.console.result(
        JSONText([
          "message_type": .text("summary"), "packs": .number(report.packs),
          "objects": .number(report.objects), "bytes_read": .number(report.bytesRead),
          "snapshots": .number(report.snapshots), "files": .number(report.files),
          "finding_count": .number(report.findingCount), "data_read": .flag(readData),
          "packs_read": .number(report.packsRead), "snapshots_left_out": .number(report.leftOut),
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
    if report.leftOut > 0 {
      options.console.say(
        "left out of this copy by choice: \(Quantities.count(report.leftOut, "more snapshot"))"
      )
    }
    if report.findings.isEmpty {
      if let verdict { options.console.say(verdict) }
    } else if report.findings.allSatisfy(\.isLeftOut) {
      options.console.warn(
        paragraph:
          "\(Quantities.count(named, "finding")), named above: records that count for nothing, or of which "
          + "two have one number. What `kist snapshots` lists is whole without them. Somebody may have tried to "
          + "forge one, or has copied a machine's state folder: `kist inspect records` shows who wrote what."
      )
    } else if report.findings.allSatisfy(\.isFailedRead) {
      options.console.warn(
        paragraph:
          "\(Quantities.count(named, "finding")), named above: the disk could not read what is there. "
          + "Copy the repository to another disk while it can be read (`kist mirror push --init FOLDER`), look at "
          + "this one (`dmesg`, `smartctl -a`), and run `kist check --read-data` on both."
      )
    } else if repair || repairFrom != nil || report.hasDamagedSelection {
      // What could not be brought back is said when that was tried.
      options.console.warn("\(Quantities.count(named, "finding")), named above.")
    } else {
      options.console.warn(
        paragraph: "\(Quantities.count(named, "finding")), named above. "
          + "Back up the same files again to store anew what is damaged, then check with --repair; or bring it back "
          + "from another copy with --repair-from COPY. What is gone everywhere stays incomplete in older snapshots."
      )
    }
  }
}

extension CheckCommand {
  /// What it means that nothing was found.
  private func verdict(of report: CheckReport) -> String {
    switch reading {
    case .everything: "no errors: every byte was read and proven"
    case .heads: "no errors; the data itself was not read (--read-data does that)"
    case .some:
      "no errors; of the data, \(Quantities.part(report.packsRead, of: report.packs, "pack")) "
        + "read and proven"
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
