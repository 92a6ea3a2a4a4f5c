import Backups

/// What a check says in the end.
struct CheckText {
  let console: Console
  let reading: DataReading
  let mending: Mending
  let opening: Opening

  /// Whether what was found is to be brought back or put in order.
  enum Mending { case asked, notAsked }

  /// Whether there are keys.
  enum Opening { case keyed, keyless }

  /// Whether the packs belong to a log, and can be opened by anybody.
  enum State {
    case recorded
    case unrecorded
    /// Nobody can open it: what is said of that comes first.
    case locked
  }

  /// Sums up; `named` is how many lines name findings.
  func show(_ report: CheckReport, named: Int, _ state: State, seconds: Double) {
    if console.isJSON {
      console.result(
        JSONText([
          "message_type": .text("summary"), "packs": .number(report.packs),
          "objects": .number(report.objects), "bytes_read": .number(report.bytesRead),
          "snapshots": .number(report.snapshots), "files": .number(report.files),
          "finding_count": .number(report.findingCount),
          "data_read": .flag(reading == .everything),
          "packs_read": .number(report.packsRead), "snapshots_left_out": .number(report.leftOut),
          "total_duration": .decimal(seconds),
        ]).line
      )
      return
    }
    console.say(
      "\(Quantities.count(report.packs, "pack")), \(Quantities.count(report.objects, "object")), "
        + "\(Quantities.count(report.snapshots, "snapshot")), "
        + "\(Quantities.bytes(report.bytesRead)) read in \(Quantities.duration(seconds))"
    )
    if report.leftOut > 0 {
      console.say(
        "left out of this copy by choice: \(Quantities.count(report.leftOut, "more snapshot"))"
      )
    }
    if report.findings.isEmpty {
      if state == .recorded { console.say(verdict(of: report)) }
      if report.packs + report.snapshots + report.leftOut == 0 {
        console.say("there are no snapshots yet" + Explanation.orUnfinishedCopy)
      }
    } else if report.findings.allSatisfy(\.isLeftOut) {
      console.warn(
        paragraph:
          "\(Quantities.count(named, "finding")), named above: records that count for nothing, or of which "
          + "two have one number. What `kist snapshots` lists is whole without them. Somebody may have tried to "
          + "forge one, or has copied a machine's state folder: `kist inspect records` shows who wrote what. "
          + Explanation.signingAgain
      )
    } else if mending == .asked || report.hasDamagedSelection || state == .locked {
      // What could not be brought back is said when that was tried; and what nobody can open, nobody backs up to.
      console.warn("\(Quantities.count(named, "finding")), named above.")
      if state != .locked { warnOfKeys(report) }
      warnOfDisk(report)
    } else if CheckText.isOfKeysAlone(report) {
      console.warn("\(Quantities.count(named, "finding")), named above.")
      warnOfKeys(report)
    } else if report.findings.contains(where: \.isLostRecord) {
      warnOfRecords(report, named: named)
      warnOfDisk(report)
    } else if opening == .keyless {
      console.warn(
        paragraph: "\(Quantities.count(named, "finding")), named above. "
          + "Bring it back with `kist check --without-key --repair-from OTHER` here, where OTHER is the repository that "
          + "this is a copy of, or another copy. Where there is no other, back up the same files again, to store anew "
          + "what is damaged, and check with --repair and the password."
      )
      warnOfKeys(report)
      warnOfDisk(report)
    } else {
      console.warn(
        paragraph: "\(Quantities.count(named, "finding")), named above. "
          + "Back up the same files again to store anew what is damaged, then check with --repair; or bring it back "
          + "from another copy with --repair-from COPY. What is gone everywhere stays incomplete in older snapshots."
      )
      warnOfKeys(report)
      warnOfDisk(report)
    }
  }

  /// What a person does about records that are damaged or missing, and about the rest of the findings.
  private func warnOfRecords(_ report: CheckReport, named: Int) {
    let password = opening == .keyless ? ", with the password," : ""
    let (bringing, others) =
      opening == .keyless
      ? ("kist check --without-key --repair-from OTHER", "OTHER is")
      : ("kist check --repair-from COPY", "COPY is")
    let hasOthers = !report.findings.allSatisfy { $0.isLostRecord || $0.isLeftOut }
    console.warn(
      paragraph:
        "\(Quantities.count(named, "finding")), named above. Records are damaged or missing: snapshots may be lost, or what "
        + "was changed about them. `\(bringing)` brings them back, where \(others) another copy, and nothing is lost. "
        + (hasOthers
          ? "Where there is none, back up the same files again, to store anew what else is damaged; then "
          : "Where there is none, ")
        + "`kist check --repair`\(password) gives up what these records said, and keeps all other snapshots."
    )
  }

  /// What a person does whose disk fails.
  private func warnOfDisk(_ report: CheckReport) {
    guard report.findings.contains(where: \.isUnreadable) else { return }
    console.warn(
      paragraph:
        "The disk could not read some of it: look at it (`dmesg`, `smartctl -a`) before you trust it further. "
        + "`kist mirror push --init FOLDER` makes a copy on another disk."
    )
  }

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

  /// There are packs, and no log to which they belong.
  ///
  /// - Parameter hasFiles: true if there are records that do not count.
  func warnOfNoRecords(hasFiles: Bool) {
    guard !hasFiles else {
      console.warn("there are packs, and no record that counts: no snapshot is known")
      return console.warn(paragraph: Explanation.signingAgain)
    }
    console.warn(
      "there are packs and no record: no snapshot is known, and every repository begins with a record"
    )
    console.warn(
      paragraph:
        "If the first `kist mirror push` or `pull` that was to make this copy was cut off, run it again. Else `kist check --repair-from COPY` "
        + "brings the records back from a copy."
    )
  }
}
