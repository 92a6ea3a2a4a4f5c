import CoreTypes
import Files
import Repositories

/// Tells what keeps this machine from knowing how its mirrors stand: notes and records that are lost.
struct MirrorDoubts {
  let options: RepositoryOptions
  let repository: KeylessRepository
  let memory: MirrorMemory

  /// Files that are named before the rest are only counted.
  private static let shownFiles = 4

  /// What is in doubt about one mirror.
  func of(
    _ target: MirrorTarget,
    _ note: MirrorNote,
    areRecordsLost: Bool
  ) throws -> Set<MirrorStanding.Doubt> {
    var doubts: Set<MirrorStanding.Doubt> = []
    if try memory.damagedMirror(target.name) != nil { doubts.insert(.noteIsLost) }
    guard areRecordsLost else { return doubts }
    doubts.insert(.recordsAreLost)
    let records = repository.log.records
    if let frontier = note.frontier, frontier.contains(where: { records[$0] == nil }) {
      doubts.insert(.hasLostRecords)
    }
    return doubts
  }

  /// Names the records of this repository that are gone or cannot be read; true if there are any.
  ///
  /// A mirror that has all that is left here may lack them.
  func tellLostRecords() -> Bool {
    let log = repository.log
    let findings = log.findings.filter { finding in
      switch finding {
      case .damagedFile, .missingParent, .unreadable: true
      // They count for nothing, here and there.
      case .refused, .fork: false
      }
    }
    for finding in findings.prefix(MirrorDoubts.shownFiles) {
      options.console.warn(Explanation.text(finding), as: .damage)
    }
    if findings.count > MirrorDoubts.shownFiles {
      options.console.warn(
        "… and \(Quantities.count(findings.count - MirrorDoubts.shownFiles, "more finding")) in the log of records",
        as: .damage
      )
    }
    if !findings.isEmpty {
      options.console.warn(
        "records of this repository are lost: `kist check` says what that means, and `kist check --repair-from COPY` "
          + "brings them back from a mirror that has them",
        as: .damage
      )
    }
    let isOlder = RollbackWatch(options: options)
      .warn(log, of: repository.store, repository.configuration)
    return !findings.isEmpty || isOlder
  }

  /// Names the notes that cannot be read; true if there are any.
  ///
  /// `isChoice` where somebody named the mirrors: no others are told then.
  func tellLostNotes(of standings: [MirrorStanding], isChoice: Bool) throws -> Bool {
    var paths =
      isChoice
      ? try standings.compactMap { try memory.damagedMirror($0.target.name) }
      : try memory.mirrors().damaged
    for path in paths {
      options.console.warn(
        "\(DisplayedName.text(path)) cannot be read: what it said of a mirror is lost; "
          + "a push to that mirror notes it anew, else remove the file",
        as: .mirrorBehind
      )
    }
    for path in try Set(
      standings.compactMap { try memory.damagedChecks(ofStoreMarked: $0.note.mark) }
    )
    .sorted() {
      options.console.warn(
        "\(DisplayedName.text(path)) cannot be read: what checks of a mirror found is lost; "
          + "`kist check --repo MIRROR` notes it anew",
        as: .mirrorBehind
      )
      paths.append(path)
    }
    return !paths.isEmpty
  }
}
