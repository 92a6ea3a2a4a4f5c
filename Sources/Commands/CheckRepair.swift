import Backups
import Browsing
import CoreTypes
import Files
import Mirroring
import Packing
import Repositories

/// Puts in order what a check found, from what the repository itself has: `check --repair`.
///
/// Records that are lost are given up; objects that are lost, and whose content others hold by now, are let go; damaged
/// packs are written anew.
struct CheckRepair {
  let options: RepositoryOptions
  let repository: OpenRepository
  /// The same store and index.
  let keyless: KeylessRepository

  /// What came of it.
  private struct Outcome {
    var replaced = 0
    var holders = 0
    var irreplaceable: [ObjectID] = []
    var packs = Healing.Report()
    var records = LostRecordRepair.Outcome()
  }

  /// True if all that was found is in order now.
  func run(_ report: CheckReport) throws -> Bool {
    var outcome = Outcome()
    // What opens in them is sealed anew where nothing else has it; the record below names it.
    _ = try repository.rescue(repository.unlistedPacks + report.damagedPacks.sorted())
    // Others may have written while the check was reading.
    try repository.refresh()
    try keyless.refresh()
    let records = LostRecordRepair(options: options, repository: repository, keyless: keyless)
    // Before objects: what only the lost records added is required again then.
    try records.giveUp(&outcome.records)
    let lost = try keyless.lostObjects()
    if !lost.isEmpty { try letGo(lost, &outcome) }
    try keyless.refresh()
    outcome.packs = try Healing(repository: keyless).rewrite(report.damagedPacks)
    // What the disk cannot read may be sound, and may be all that another process has written so far.
    outcome.packs.kept += report.unreadablePacks.sorted()
    try records.removeFiles(&outcome.records)
    show(outcome, incomplete: report.incompleteSnapshots, of: report.snapshots)
    records.show(outcome.records)
    guard outcome.irreplaceable.isEmpty, outcome.packs.kept.isEmpty,
      records.rest(of: report).isMendedByReplacement
    else { return false }
    options.console.say("everything that was named above is in order again")
    return true
  }

  private func letGo(_ lost: [ObjectID], _ outcome: inout Outcome) throws {
    let signing = try RecordSigning(options: options, repository: repository)
    let search = ReplacementSearch(repository: repository) { InterruptFlag.isRaised }
    var lost = lost
    for _ in 0..<100 {
      let log = repository.log
      let found = try search.run(lost)
      outcome.irreplaceable = found.irreplaceable
      guard !found.replaced.isEmpty else { return }
      guard found.replaced.count + found.holders.count <= ObjectCondemning.idLimit else {
        throw Failure(
          .failed,
          "\(Quantities.count(found.replaced.count, "object")) cannot be let go in one record",
          meaning: "Nothing was changed; every snapshot that could be restored still can.",
          advice: "Make a new repository, or bring back what is lost with --repair-from COPY."
        )
      }
      let time = Surroundings.now
      let signer = try signing.signer(time: time)
      // A new writer was enrolled, or another wrote: what was found is found anew.
      guard repository.log.files == log.files else { continue }
      let condemning = ObjectCondemning(repository: repository, signer: signer)
      if try condemning.commit(
        found.replaced,
        heldBy: found.holders,
        adds: found.unclaimed,
        time: time,
        seen: log
      ) != nil {
        signing.remember()
        (outcome.replaced, outcome.holders) = (found.replaced.count, found.holders.count)
        return
      }
      try keyless.refresh()
      lost = try keyless.lostObjects()
    }
    throw Failure(.busy, "others write to this repository without end", advice: "Try again later.")
  }

  private func show(_ outcome: Outcome, incomplete: [RecordID], of snapshots: Int) {
    if options.console.isJSON {
      options.console.result(
        JSONText([
          "message_type": .text("repaired"), "objects_let_go": .number(outcome.replaced),
          "objects_holding": .number(outcome.holders),
          "objects_irreplaceable": .number(outcome.irreplaceable.count),
          "packs_replaced": .number(outcome.packs.replaced.count),
          "packs_kept": .number(outcome.packs.kept.count),
          "records_saved": .number(outcome.records.saved.count),
          "records_given_up": .number(outcome.records.lost.count),
          "record_files_removed": .number(outcome.records.files.removed.count),
        ]).line
      )
    } else if outcome.replaced + outcome.packs.replaced.count > 0 {
      options.console.say(
        "repaired: \(Quantities.count(outcome.replaced, "lost object")) let go, "
          + "\(Quantities.count(outcome.packs.replaced.count, "pack")) written anew"
      )
    }
    if !outcome.irreplaceable.isEmpty {
      options.console.warn(
        paragraph:
          "\(Quantities.count(outcome.irreplaceable.count, "lost object")) held what snapshots need, and what no other object here is known to have for good. "
          + "Back up again what still exists, or bring it back with --repair-from COPY, and repair again; "
          + "no pack was touched."
      )
      if !incomplete.isEmpty {
        options.console.warn(
          paragraph:
            "If it is gone for good, \(CheckNaming.text(of: incomplete)) stay\(incomplete.count == 1 ? "s" : "") "
            + "incomplete, and this check goes on naming that. "
            + (incomplete.count < snapshots
              ? "All other snapshots are whole, and new backups too. " + Explanation.copyingTheRest
              : "No other snapshot is there; new backups are whole.")
        )
      }
    } else if !outcome.packs.kept.isEmpty {
      for pack in outcome.packs.kept {
        options.console.warn(
          "pack \(pack.digest.short) stays: it could not be read to its end, or may not be removed there"
        )
      }
    }
  }
}
