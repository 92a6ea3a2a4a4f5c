import Packing
import Repositories

/// Warns of what could not be read when a repository was opened.
enum OpeningWarnings {
  /// Lines before the rest are only counted: a disk that fails takes thousands of packs with it.
  private static let shownCount = 10

  static func tell(_ packs: [PackingError], _ log: RecordLog, on console: Console) {
    tell(packs.map(Explanation.text), on: console)
    let strange = log.findings.count
    guard strange > 0 else { return }
    console.warn(
      "\(Quantities.count(strange, "finding")) in the log of records: snapshots may be "
        + "missing from what is shown; `kist check` names them",
      as: .damage
    )
  }

  /// Warns of packs that are not as long as they were.
  static func tell(ofChanged packs: [PackingError], on console: Console) {
    tell(
      packs.map {
        Explanation.text($0)
          + "; what was in it counts as absent, and is stored anew with its files"
      },
      on: console
    )
  }

  private static func tell(_ texts: [String], on console: Console) {
    for text in texts.prefix(shownCount) { console.warn(text, as: .damage) }
    let more = texts.count - shownCount
    guard more > 0 else { return }
    console.warn(
      "… and \(Quantities.count(more, "more finding")) in packs; `kist check` names what is damaged",
      as: .damage
    )
  }
}
