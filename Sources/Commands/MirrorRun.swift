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

  /// Runs with each of the other ends in turn; one that fails does not keep the others from their copy.
  func run() throws {
    let targets = try mirror.targets(
      of: try options.profile(),
      remoteProgram: options.remoteProgram
    )
    var failure: (any Error)?
    for (index, target) in targets.enumerated() {
      if targets.count > 1 { options.console.say("\(target.name):") }
      do {
        try run(with: target)
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
      "not every mirror has its copy; those that failed are named above"
    )
  }

  private func run(with target: MirrorDestination) throws {
    let start = SystemClock.monotonicNanoseconds()
    let console = options.console
    let folders = try options.folders()
    let repository = try open(folders: folders)
    for finding in repository?.findings ?? [] {
      console.warn("warning: " + Explanation.text(finding))
    }
    let progress = MirrorProgress()
    let display = display(progress, console: console)
    defer { display.finish() }
    let connection = try MirrorConnection(
      to: target,
      folders: folders,
      limits: PacedStream.Limits(
        upload: mirror.limitUpload?.bytes,
        download: mirror.limitDownload?.bytes
      ),
      serving: peerOptions
    )
    let summary: MirrorSummary
    do {
      summary = try MirrorPeer(
        stream: connection.stream,
        repository: repository,
        options: try clientOptions(folders: folders, target: target),
        progress: progress,
        interruption: { InterruptFlag.isRaised }
      ).run()
    } catch {
      let status = connection.finish()
      display.finish()
      throw Explanation.mirrorFailure(error, target: target.name, status: status)
    }
    _ = connection.finish()
    display.finish()
    let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
    show(summary, seconds: seconds, console: console)
    for remark in summary.remarks { console.warn("warning: " + Explanation.text(remark)) }
    guard summary.lacking.isEmpty else {
      throw Failure(
        .damage,
        "\(Quantities.count(summary.lacking.count, "object")) could not be fetched from \(target.name): "
          + "missing there, or not what they should be when they came",
        meaning: "Everything else is stored, and nothing of this repository was changed by it.",
        advice: "Run `kist check --read-data` at both ends."
      )
    }
  }

  /// The repository here; `nil` if a pull is to make it.
  private func open(folders: ClientFolders) throws -> KeylessRepository? {
    if mirror.makesDestination, wishes == [Hello.Wish.pull] {
      return try MirrorConnection.repository(at: try options.place(), folders: folders)
    }
    return try KeylessRepository(store: try options.store(), folders: folders)
  }

  private var peerOptions: PeerOptions {
    PeerOptions(program: "kist \(Surroundings.version)")
  }

  private func clientOptions(
    folders: ClientFolders,
    target: MirrorDestination
  ) throws -> PeerOptions {
    var own = peerOptions
    own.waiting = options.console.waitingNote(for: target.name)
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

  private func show(_ summary: MirrorSummary, seconds: Double, console: Console) {
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
      console.result(
        JSONText([
          "message_type": .text("summary"), "dry_run": .flag(mirror.dryRun),
          "received": report(summary.received), "sent": report(summary.given),
          "snapshots_received": .number(summary.snapshots),
          "healed": .number(summary.healed.count),
          "lacking": .number(summary.lacking.count),
          "wire_bytes_sent": .number(Int(clamping: counters.wireBytesSent)),
          "wire_bytes_received": .number(Int(clamping: counters.wireBytesReceived)),
          "total_duration": .decimal(seconds),
        ]).line
      )
      return
    }
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
    if lines.isEmpty { lines = ["nothing new"] }
    for line in lines { console.say(line) }
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
}
