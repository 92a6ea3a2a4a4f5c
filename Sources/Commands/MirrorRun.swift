import CoreTypes
import Files
import Mirroring
import Repositories
import Storage

/// One run of `kist mirror`.
struct MirrorRun {
  let options: RepositoryOptions
  let mirror: MirrorOptions
  /// Words of `Hello.Wish`: push, pull, or both.
  let wishes: [String]
  /// Which snapshots are pushed, if not all.
  var choosing: ChoiceOptions?

  /// Runs with each of the other ends in turn; one that fails does not keep the others from their copy.
  func run() throws {
    ProcessEnvironment.keepFreedMemorySmall()
    mirror.limitUpload?.explain("--limit-upload", options.console)
    mirror.limitDownload?.explain("--limit-download", options.console)
    var losses: [KeyFiles.Loss] = []
    try FullDisk.explained(
      by: "Not all was brought over; what came whole is kept. Nothing was lost."
    ) {
      try runAll(&losses)
    }
    // Last: whatever is to be brought has come.
    if let failure = KeyLossText.failure(ofPush: losses) { throw failure }
  }

  /// Runs with each, and notes why nobody could open what was pushed.
  private func runAll(_ losses: inout [KeyFiles.Loss]) throws {
    guard !mirror.all else {
      return try MirrorRound(options: options, mirror: mirror).run {
        try run(with: $0, &losses)
      }
    }
    let targets = try mirror.targets(
      of: try options.profile(),
      remoteProgram: options.remoteProgram
    )
    var failure: (any Error)?
    for (index, target) in targets.enumerated() {
      if targets.count > 1 { options.console.say("\(target.shownName):") }
      do {
        _ = try run(with: target, &losses)
      } catch {
        guard index + 1 < targets.count, !InterruptFlag.isRaised,
          let shown = Explanation.failure(of: error)
        else { throw error }
        Explanation.show(shown, asJSON: options.json)
        failure = failure ?? error
      }
    }
    guard let failure else { return }
    throw Failure(
      Explanation.failure(of: failure)?.status ?? .failed,
      wishes.contains(Hello.Wish.push)
        ? "not every mirror has its copy; those that failed are named above"
        : "not every mirror could be pulled from; those that failed are named above"
    )
  }

  /// Runs with one other end, notes what came of it, and says it; what travelled in a line.
  private func run(
    with target: MirrorTarget,
    _ losses: inout [KeyFiles.Loss]
  ) throws -> String {
    let start = SystemClock.monotonicNanoseconds()
    let began = Surroundings.now
    let console = options.console
    let folders = try options.folders()
    let (repository, choice) = try open(folders: folders)
    let progress = MirrorProgress()
    let display = display(progress, console: console)
    defer { display.finish() }
    let exchange = MirrorExchange(
      target: target,
      folders: folders,
      here: try options.location(),
      limits: PacedStream.Limits(
        upload: mirror.limitUpload?.bytesPerSecond,
        download: mirror.limitDownload?.bytesPerSecond
      )
    )
    var own = try clientOptions(folders: folders, target: target)
    own.choice = choice
    let outcome = exchange.run(repository, own, progress: progress)
    display.finish()
    let noting = MirrorNoting(folders: folders, console: console)
    noting.enter(
      outcome,
      of: target,
      for: mirror.dryRun ? .look : .exchange,
      repository: repository,
      began: began
    )
    if let contact = outcome.contact, contact.mark.isEmpty {
      // It was made just now, and had no id to tell.
      noting.enter(
        exchange.run(repository, peerOptions, progress: MirrorProgress()),
        of: target,
        for: .look,
        repository: repository,
        began: began
      )
    }
    let summary = try outcome.result.get()
    if let repository { losses = try keyLosses(of: repository) }
    let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    let chosen = choice?.selection.snapshots.count
    let becomesWhole = outcome.contact?.becomesWhole ?? false
    // A store that was just made had no id to tell.
    let isMadeThere = outcome.contact?.mark.isEmpty ?? false
    let standing: Standing =
      repository == nil
      ? .new : becomesWhole ? .becomesWhole : isMadeThere ? .newThere : .known
    show(
      summary,
      with: target,
      standing,
      chosen: chosen,
      seconds: seconds,
      console: console
    )
    if becomesWhole {
      console.note(
        "this copy held chosen snapshots only; it \(mirror.dryRun ? "would be" : "is") whole now"
      )
    }
    for remark in summary.remarks { console.warn("warning: " + Explanation.text(remark)) }
    guard summary.lacking.isEmpty else {
      throw Failure(
        .damage,
        "\(Quantities.count(summary.lacking.count, "object")) could not be fetched from "
          + "\(target.shownName): missing there, or not what they should be when they came",
        meaning: "Everything else is stored, and nothing of this repository was changed by it.",
        advice: "Run `kist check --read-data` at both ends."
      )
    }
    try requireReadable(repository, target)
    return travelled(summary, standing).joined(separator: "; ")
  }

  /// Why nobody could open what a push brings, as far as it is to be brought.
  private func keyLosses(of repository: KeylessRepository) throws -> [KeyFiles.Loss] {
    guard wishes.contains(Hello.Wish.push) else { return [] }
    let losses = try KeyFiles(of: repository.store).losses
    return mirror.noKeys ? losses.filter { $0 == .incompleteKeyring } : losses
  }

  /// The repository here, and what is chosen of it; no repository if a pull is to make it.
  private func open(
    folders: ClientFolders
  ) throws -> (repository: KeylessRepository?, choice: MirrorChoice?) {
    if let choosing {
      let store = try options.store()
      let opened = try options.open(store)
      let choice = try choosing.choice(in: opened, console: options.console)
      return (try KeylessRepository(store: store, index: opened.index), choice)
    }
    if mirror.makesDestination, wishes == [Hello.Wish.pull] {
      let known = try MirrorConnection.repository(at: try options.place(), folders: folders)
      if let known { tellFindings(of: known) }
      return (known, nil)
    }
    let repository = try KeylessRepository(store: try options.store(), folders: folders)
    tellFindings(of: repository)
    return (repository, nil)
  }

  private func tellFindings(of repository: KeylessRepository) {
    OpeningWarnings.tell(repository.findings, repository.log, on: options.console)
  }

  /// Throws if what records here say could not be sent, because they cannot be read.
  private func requireReadable(_ repository: KeylessRepository?, _ target: MirrorTarget) throws {
    guard wishes.contains(Hello.Wish.push), let files = repository?.log.unreadFiles, !files.isEmpty
    else { return }
    throw Failure(
      .damage,
      "\(Quantities.count(files.count, "file")) of records here cannot be read, so what "
        + "\(files.count == 1 ? "it says" : "they say") was not sent to \(target.shownName): "
        + files.prefix(4).map { "records/\($0.short)" }.joined(separator: ", "),
      meaning:
        "A snapshot may be in \(files.count == 1 ? "it" : "them"). Everything else is there.",
      advice:
        "`kist check` says more, and `kist check --repair-from COPY` brings them back from a copy that has them. Where "
        + "none has, move them out of `records/`, and back up the same files again."
    )
  }

  private var peerOptions: PeerOptions {
    PeerOptions(program: Surroundings.program)
  }

  private func clientOptions(
    folders: ClientFolders,
    target: MirrorTarget
  ) throws -> PeerOptions {
    var own = peerOptions
    own.waiting = options.console.waitingNote(for: target.shownName)
    own.wishes = wishes
    if mirror.makesDestination { own.wishes.append(Hello.Wish.create) }
    if mirror.dryRun { own.wishes.append(Hello.Wish.dryRun) }
    if mirror.noKeys { own.wishes.append(Hello.Wish.noSlots) }
    if mirror.compare { own.wishes.append(Hello.Wish.compare) }
    if mirror.makesDestination, wishes == [Hello.Wish.pull] {
      let place = try options.place()
      own.creation = { file throws(MirrorError) in
        try MirrorConnection.create(at: place, file, folders: folders)
      }
    }
    return own
  }

  // MARK: Display

  private func display(_ progress: MirrorProgress, console: Console) -> ProgressLine {
    ProgressLine(console: console) { seconds in
      MirrorRun.line(progress.now, seconds: seconds)
    } status: { seconds in
      let now = progress.now
      return JSONText([
        "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
        "bytes_sent": .number(Int(clamping: now.bytesSent)),
        "bytes_to_send": .number(Int(clamping: now.bytesToSend)),
        "bytes_received": .number(Int(clamping: now.bytesReceived)),
        "bytes_to_receive": .number(Int(clamping: now.bytesToReceive)),
        "objects_sent": .number(Int(clamping: now.objectsSent)),
        "objects_received": .number(Int(clamping: now.objectsReceived)),
      ])
    }
  }

  private static func line(_ now: MirrorCounters, seconds: Double) -> String {
    let done = Int(clamping: now.bytesSent + now.bytesReceived)
    let all = Int(clamping: now.bytesToSend + now.bytesToReceive)
    let objects = now.objectsSent + now.objectsReceived
    let rate = seconds > 0 ? Double(done) / seconds : 0
    var line = "\(Quantities.duration(seconds))  \(Quantities.bytes(done))"
    if all > 0 { line += " of \(Quantities.bytes(max(all, done)))" }
    line += "  \(Quantities.bytes(Int(rate)))/s"
    if rate > 0, all > done {
      line += "  \(Quantities.duration(Double(all - done) / rate)) left"
    }
    return line + "  \(Quantities.count(Int(clamping: objects), "object"))"
  }

  private func show(
    _ summary: MirrorSummary,
    with target: MirrorTarget,
    _ standing: Standing,
    chosen: Int?,
    seconds: Double,
    console: Console
  ) {
    let counters = summary.counters
    if console.isJSON {
      func report(_ report: DoneReport) -> JSONText.Value {
        .object(
          JSONText([
            "records": .number(Int(clamping: report.records)),
            "objects": .number(Int(clamping: report.objects)),
            "bytes": .number(Int(clamping: report.bytes)),
          ])
        )
      }
      var json = JSONText([
        "message_type": .text("summary"), "destination": JSONText.name(Array(target.name.utf8)),
        "dry_run": .flag(mirror.dryRun),
        "received": report(summary.received), "sent": report(summary.given),
        "snapshots_received": .number(summary.snapshots),
        "slots_received": .number(summary.slots), "slots_sent": .number(summary.slotsGiven),
        "healed": .number(summary.healed.count),
        "lacking": .number(summary.lacking.count),
        "wire_bytes_sent": .number(Int(clamping: counters.wireBytesSent)),
        "wire_bytes_received": .number(Int(clamping: counters.wireBytesReceived)),
        "total_duration": .decimal(seconds),
      ])
      if let chosen { json.add("snapshots_chosen", .number(chosen)) }
      console.result(json.line)
      return
    }
    for line in travelled(summary, standing) { console.say(line) }
    if let chosen { console.say("chosen: \(Quantities.count(chosen, "snapshot"))") }
    if !summary.healed.isEmpty {
      console.say(
        "brought back \(Quantities.count(summary.healed.count, "object")) that were lost here"
      )
    }
    console.say(
      "\(Quantities.bytes(Int(clamping: counters.wireBytesSent))) out, "
        + "\(Quantities.bytes(Int(clamping: counters.wireBytesReceived))) in, "
        + Quantities.duration(seconds)
    )
  }

  /// What one of the two copies is before the run.
  private enum Standing {
    /// Both are there, and hold what they are to hold.
    case known
    /// That of this end is made by the run.
    case new
    /// That of the other end is made by the run.
    case newThere
    /// One of them held chosen snapshots only, and is to hold everything.
    case becomesWhole
  }

  /// What travelled, a line for each direction, and for key slots.
  private func travelled(_ summary: MirrorSummary, _ standing: Standing) -> [String] {
    let tense = mirror.dryRun ? "would be " : ""
    var lines: [String] = []
    for (report, verb) in [(summary.given, "sent"), (summary.received, "received")]
    where report != DoneReport() {
      lines.append(
        "\(tense)\(verb): \(Quantities.count(Int(clamping: report.records), "record")), "
          + "\(Quantities.count(Int(clamping: report.objects), "object")), "
          + Quantities.bytes(Int(clamping: report.bytes))
      )
    }
    // A new copy has them all.
    for (count, verb, new) in [
      (summary.slotsGiven, "sent", Standing.newThere), (summary.slots, "received", Standing.new),
    ] where count > 0 && standing != new {
      lines.append("\(verb): \(Quantities.count(count, "key slot"))")
    }
    guard lines.isEmpty else { return lines }
    return switch standing {
    case .new where mirror.dryRun: ["would be received: everything that is there"]
    case .becomesWhole: ["nothing was lacking"]
    case .new, .newThere, .known: ["nothing new"]
    }
  }
}
