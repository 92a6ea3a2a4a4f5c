import Packing
import Repositories

/// Warns of what could not be read when a repository was opened.
enum OpeningWarnings {
  /// Lines before the rest are only counted: a disk that fails takes thousands of packs with it.
  private static let shownCount = 10

  static func tell(_ packs: [PackingError], _ log: RecordLog, on console: Console) {
    for finding in packs.prefix(shownCount) {
      console.warn(Explanation.text(finding), as: .damage)
    }
    let more = packs.count - shownCount
    if more > 0 {
      console.warn(
        "… and \(Quantities.count(more, "more finding")) in packs; `kist check` names what is damaged",
        as: .damage
      )
    }
    let strange = log.findings.count
    guard strange > 0 else { return }
    console.warn(
      "\(Quantities.count(strange, "finding")) in the log of records: snapshots may be "
        + "missing from what is shown; `kist check` names them",
      as: .damage
    )
  }
}
