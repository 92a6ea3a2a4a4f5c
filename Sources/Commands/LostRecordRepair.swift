import Backups
import CoreTypes
import Files
import Repositories
import Storage

/// Gives up records that are damaged or missing, and of which no copy is at hand: a part of `check --repair`.
///
/// First the record that says so, then the damaged files go. Source: Docs/decisions/0029-records-given-up.md.
struct LostRecordRepair {
  let options: RepositoryOptions
  let repository: OpenRepository
  /// The same store and index.
  let keyless: KeylessRepository

  /// What came of it.
  struct Outcome {
    var saved: [RecordID] = []
    var lost: [Loss] = []
    var files = SpentRecordFiles.Outcome()
  }

  /// A record that was given up.
  struct Loss {
    let record: RecordID
    /// What the damaged file seems to say; `nil` if nothing is left to read.
    let remains: RecordClear?
  }

  /// Saves what is whole in damaged files, and writes the record that gives up the rest, if there is some.
  func giveUp(_ outcome: inout Outcome) throws {
    guard !hasUnread else { return warnOfUnread() }
    let watch = RollbackWatch(options: options)
    // What must be refused is refused before anything is written: an older copy, and a copy of chosen snapshots.
    if try !watch.lostRecords(of: repository).files.isEmpty {
      try repository.requireWhole()
      outcome.saved = try RecordSalvage(of: keyless).run()
      if !outcome.saved.isEmpty { try repository.refresh() }
    }
    for _ in 0..<100 {
      let log = repository.log
      let lost = try watch.lostRecords(of: repository)
      let signing = try RecordSigning.givingUp(options, in: repository)
      guard try !lost.records.isEmpty || signing.isForgotten() else { return }
      let time = Surroundings.now
      let signer = try signing.signer(time: time)
      try keyless.refresh()
      // A new writer was enrolled, or another wrote: what was found is found anew.
      guard repository.log.files == log.files, keyless.log.files == log.files else {
        try repository.refresh()
        continue
      }
      guard !lost.records.isEmpty else { return }
      let losses = lost.records.map { Loss(record: $0, remains: remains(of: $0)) }
      let adds = try keyless.unaskedObjects()
      let waiving = RecordWaiving(repository: repository, signer: signer)
      if try waiving.commit(lost.records, adds: adds, time: time, seen: log) != nil {
        signing.remember()
        try keyless.refresh()
        outcome.lost = losses
        return
      }
    }
    throw Failure(.busy, "others write to this repository without end", advice: "Try again later.")
  }

  /// Removes the damaged files of records that are given up.
  func removeFiles(_ outcome: inout Outcome) throws {
    guard !keyless.log.spentFiles.isEmpty, !hasUnread else { return }
    outcome.files = try SpentRecordFiles(of: keyless).remove()
    try repository.refresh()
  }

  /// True if there are records that the disk could not read, and that may be whole.
  private var hasUnread: Bool {
    repository.log.findings.contains { finding in
      if case .unreadable = finding { return true }
      return false
    }
  }

  private func warnOfUnread() {
    options.console.warn(
      paragraph:
        "No record was given up: some could not be read, and may be whole. Look at the disk (`dmesg`, `smartctl -a`), take away what "
        + "stands in the place of a file, or bring them back with --repair-from COPY; then repair again."
    )
  }

  /// What a check found, without what is in order now.
  func rest(of report: CheckReport) -> CheckReport {
    var rest = report
    let findings = repository.log.findings
    rest.findings.removeAll { finding in
      guard case .log(let found) = finding else { return false }
      return !findings.contains(found)
    }
    return rest
  }

  /// The clear part of a damaged file, if it can be read: a hint for people, which nothing proves.
  private func remains(of record: RecordID) -> RecordClear? {
    do {
      let bytes = try repository.store.read(BlobName(.record, record.digest))
      let records = try Record.all(in: bytes)
      return records.count == 1 ? records.first?.clear : nil
    } catch {
      // Ignored: then nobody can tell what it said.
      return nil
    }
  }
}

extension LostRecordRepair {
  /// Records that are named, before the rest are only counted.
  private static let shownRecords = 10

  /// Says what was given up, and what that means.
  func show(_ outcome: Outcome) {
    let console = options.console
    if console.isJSON {
      for loss in outcome.lost {
        console.result(
          JSONText(["message_type": .text("given_up"), "record": .text("\(loss.record)")]).line
        )
      }
    } else if !outcome.lost.isEmpty {
      if !outcome.saved.isEmpty {
        console.say("saved from damaged files: \(Quantities.count(outcome.saved.count, "record"))")
      }
      for loss in outcome.lost.prefix(LostRecordRepair.shownRecords) {
        console.warn("given up: record \(loss.record.digest.short), \(text(loss.remains))")
      }
      let more = outcome.lost.count - LostRecordRepair.shownRecords
      if more > 0 { console.warn("… and \(Quantities.count(more, "more record"))") }
      console.warn(
        paragraph:
          "What they said is lost: a snapshot is no longer listed, and a change of tags or a removal has not happened. "
          + "All other snapshots stay as they are. A copy that still has such a record brings it back: `kist mirror pull COPY`."
      )
    } else if !outcome.files.removed.isEmpty {
      console.say(
        "removed: \(Quantities.count(outcome.files.removed.count, "damaged file")) of records that were given up"
      )
    }
    for file in outcome.files.kept {
      console.warn(
        "records/\(file.short) stays: it may not be removed there yet; nothing needs it"
      )
    }
    warnOfStrangers()
  }

  private func text(_ remains: RecordClear?) -> String {
    guard let remains else { return "of which nothing can be read" }
    let what =
      switch remains.kind {
      case .snapshot: "a snapshot"
      case .enrolment: "the enrolment of a writer"
      case .removal: "a removal of snapshots"
      case .condemnation: "objects let go"
      case .revocation: "the revocation of a writer"
      case .tags: "tags of snapshots"
      case .hold: "a hold on snapshots"
      case .waiver: "other records given up"
      case .unknown: "something that a newer kist wrote"
      }
    return "by what is left of it \(what), \(CalendarTime.text(remains.time))"
  }

  /// Names what counts for nothing because no record says any more that its writer may write.
  private func warnOfStrangers() {
    let refused = repository.log.findings.filter { finding in
      if case .refused = finding { return true }
      return false
    }
    guard !refused.isEmpty, !options.console.isJSON else { return }
    options.console.warn(
      paragraph:
        "\(Quantities.count(refused.count, "record")) still count\(refused.count == 1 ? "s" : "") for nothing, as named above. "
        + "Where the record is lost that let their writer sign, they count again when that machine has made its next "
        + "backup, or when a copy brings it back: `kist mirror pull COPY`."
    )
  }
}
