import Backups
import CoreTypes
import Files
import Mirroring
import Repositories
import Storage

/// Brings back what `check` finds damaged or missing, from another copy of the repository.
struct CheckHealing {
  private let options: RepositoryOptions
  private let place: RepositoryPlace

  init(options: RepositoryOptions, from text: String) throws {
    self.options = options
    place = try RepositoryPlace(text, remoteProgram: options.remoteProgram)
  }

  private var name: String { place.name }
  private var shownName: String { DisplayedName.text(name) }

  // MARK: Files

  /// Brings back configuration, slots, keys, records and lists, so that the check itself can open what it checks.
  ///
  /// A copy that is not there is to be known today, not on the day of the damage.
  func files(of store: any BlobStore & CommitLocking) throws -> FileHealing.Report {
    let spare = try openSpare()
    do {
      try configuration(of: store, from: spare)
      let report = try FileHealing(store, from: spare).run()
      show(report)
      return report
    } catch {
      throw Explanation.mirrorFailure(
        error,
        target: name,
        here: try options.location(),
        status: nil
      )
    }
  }

  private func openSpare() throws -> any BlobStore {
    do {
      return try place.openStore()
    } catch StorageError.noRepository {
      throw Failure(
        .noRepository,
        "there is no copy of the repository at \(shownName), which --repair-from names",
        meaning: "Nothing was checked or changed.",
        advice:
          "Check how it is spelled, and that its disk is mounted; `kist mirror status` lists copies."
      )
    }
  }

  private func configuration(of store: any BlobStore, from spare: any BlobStore) throws {
    // That of a store which is far away is replaced there.
    guard let path = try options.place().folder,
      let bytes = try FileHealing.lostConfiguration(of: store, from: spare)
    else { return }
    try StoreLayout.replaceConfiguration(of: path, with: bytes)
    say("kist", "the configuration was damaged or missing, and came back from \(shownName)")
  }

  private func show(_ report: FileHealing.Report) {
    for file in report.healed {
      say(file.description, "\(file) was damaged or missing, and came back from \(shownName)")
    }
    for file in report.lacking {
      options.console.warn(
        "\(file) is damaged or missing, and \(shownName) does not have it either"
      )
    }
  }

  private func say(_ file: String, _ text: String) {
    guard options.console.isJSON else { return options.console.say(text) }
    options.console.result(
      JSONText([
        "message_type": .text("healed"), "from": .text(name), "file": .text(file),
      ]).line
    )
  }

  // MARK: Objects

  /// Fetches what was found damaged or missing; true if all that was named is whole again.
  func objects(of repository: KeylessRepository, _ report: CheckReport) throws -> Bool {
    let healing = Healing(repository: repository)
    let connection = try MirrorConnection(
      to: place.destination,
      folders: try options.folders(),
      limits: PacedStream.Limits(upload: nil, download: nil),
      serving: PeerOptions(program: Surroundings.program)
    )
    let outcome: Healing.Report
    do {
      outcome = try healing.run(
        objects: try healing.lostObjects(),
        packs: report.damagedPacks,
        over: connection.stream,
        program: Surroundings.program,
        progress: MirrorProgress(),
        interruption: { InterruptFlag.isRaised }
      )
    } catch {
      throw Explanation.mirrorFailure(
        error,
        target: name,
        here: try options.location(),
        status: connection.finish()
      )
    }
    _ = connection.finish()
    show(outcome)
    let isWhole = outcome.lacking.isEmpty && outcome.kept.isEmpty && report.isMendedByPacks
    if isWhole { options.console.say("everything that was named above is whole again") }
    return isWhole
  }

  private func show(_ outcome: Healing.Report) {
    if options.console.isJSON {
      options.console.result(
        JSONText([
          "message_type": .text("healed"), "from": .text(name),
          "objects": .number(outcome.healed.count), "lacking": .number(outcome.lacking.count),
          "packs_replaced": .number(outcome.replaced.count),
          "packs_kept": .number(outcome.kept.count),
        ]).line
      )
    } else {
      options.console.say(
        "repaired from \(shownName): \(Quantities.count(outcome.healed.count, "object")) brought back, "
          + "\(Quantities.count(outcome.replaced.count, "pack")) replaced"
      )
    }
    for object in outcome.lacking {
      options.console.warn("object \(object.digest.short) is missing or damaged there too")
    }
    for pack in outcome.kept {
      options.console.warn(
        "pack \(pack.digest.short) stays: something in it is nowhere else; `kist check --repair` lets go of what no snapshot needs"
      )
    }
  }
}
