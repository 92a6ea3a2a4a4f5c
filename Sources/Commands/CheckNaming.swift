import Backups
import CoreTypes
import Packing
import Repositories
import Trees

/// Names what a check found: each cause once, with the files that it takes away.
///
/// A program that reads JSON gets every finding as it is.
struct CheckNaming {
  let console: Console

  /// Lines of one kind about one pack, before the rest are only counted.
  private static let shownObjects = 3
  /// Files that do not belong in a repository, before the rest are only counted.
  private static let shownStrangers = 10
  /// Paths that are named beside a cause, where no more was asked for.
  private static let shownPaths = 5

  /// Snapshots that are named beside a cause.
  private static let shownSnapshots = 3

  /// Why something cannot be restored, as far as that tells what belongs together.
  private enum Cause: Hashable {
    case pack(PackID)
    case missing
    case other(String)
  }

  /// What one cause takes away.
  private struct Loss {
    var paths: Set<[UInt8]> = []
    var snapshots: Set<RecordID> = []
    /// Files that stood below these, and that nothing lists.
    var hidden: [[UInt8]: UInt64] = [:]
    /// As they were met.
    var order: [(snapshot: RecordID, path: [UInt8])] = []

    mutating func add(_ path: [UInt8], hiding count: UInt64, of record: RecordID) {
      paths.insert(path)
      if count > 0 { hidden[path] = max(hidden[path] ?? 0, count) }
      snapshots.insert(record)
      order.append((snapshot: record, path: path))
    }

    /// A path, and what is lost with it.
    func text(_ path: [UInt8]) -> String {
      DisplayedName.text(path) + CheckNaming.text(hidden: hidden[path] ?? 0)
    }

    /// Newest first: a check walks the oldest first.
    var newestSnapshots: [RecordID] {
      var seen: Set<RecordID> = []
      return order.reversed().map { $0.snapshot }.filter { seen.insert($0).inserted }
    }
  }

  /// Names them; returns how many things were named or counted on a line of their own.
  func name(_ findings: [CheckFinding]) -> Int {
    guard !console.isJSON else {
      for finding in findings { console.warn(CheckNaming.json(finding).line) }
      return findings.count
    }
    var named = 0
    var objects: [PackID: Int] = [:]
    var missing = 0
    var unnamed = (count: 0, snapshots: Set<RecordID>())
    var losses: [Cause: Loss] = [:]
    var causes: [Cause] = []
    for finding in findings {
      switch finding {
      case .unrestorable(let record, let path, let hidden, let error):
        let cause = CheckNaming.cause(of: error)
        if losses[cause] == nil { causes.append(cause) }
        losses[cause, default: Loss()].add(path, hiding: hidden, of: record)
        continue
      case .moreUnrestorable(let record, let count):
        unnamed.count += count
        unnamed.snapshots.insert(record)
        continue
      case .missingObject:
        missing += 1
        if missing > CheckNaming.shownObjects { continue }
      case .pack(.damagedObject(_, let pack, _)), .pack(.sealed(_, let pack, _)),
        .pack(.damagedStub(_, let pack)), .knownDamage(_, let pack):
        objects[pack, default: 0] += 1
        if objects[pack, default: 0] > CheckNaming.shownObjects { continue }
      case .damagedFile, .damagedSelection, .pack, .morePackFindings, .wrongContent, .log,
        .snapshot, .storage:
        break
      }
      named += 1
      console.warn(Explanation.text(finding))
    }
    named += nameRest(ofObjectsIn: objects, missing: missing)
    for cause in causes {
      guard let loss = losses[cause] else { continue }
      named += 1
      name(loss, cause)
    }
    if unnamed.count > 0 {
      named += 1
      console.warn(
        "… and \(Quantities.count(unnamed.count, "more file or folder", "more files and folders")) in "
          + "\(Quantities.count(unnamed.snapshots.count, "snapshot")) that cannot be restored"
      )
    }
    return named
  }

  /// Names what does not belong in a repository, and is no damage.
  func name(strangers: [String]) {
    let shown = console.isJSON ? strangers : Array(strangers.prefix(CheckNaming.shownStrangers))
    for path in shown {
      let text = "\(DisplayedName.text(path)): does not belong in a repository; left alone"
      console.warn(
        console.isJSON
          ? JSONText(["message_type": .text("warning"), "message": .text(text)]).line : text
      )
    }
    let more = strangers.count - shown.count
    if more > 0 { console.warn("… and \(Quantities.count(more)) more that do not belong there") }
  }

  /// Names damaged files of records that were given up: nothing is lost with them any more.
  func name(spent files: [Digest]) {
    for file in files.prefix(CheckNaming.shownStrangers) {
      let text =
        "records/\(file.short): damaged, and given up; nothing needs it (`kist check --repair` removes it)"
      console.warn(
        console.isJSON
          ? JSONText(["message_type": .text("warning"), "message": .text(text)]).line : text
      )
    }
    let more = files.count - CheckNaming.shownStrangers
    if more > 0 { console.warn("… and \(Quantities.count(more)) more that were given up") }
  }

  /// Counts what was not named of objects, which come in thousands when a pack is gone.
  private func nameRest(ofObjectsIn packs: [PackID: Int], missing: Int) -> Int {
    var named = 0
    for (pack, count) in packs.sorted(by: { $0.key < $1.key })
    where count > CheckNaming.shownObjects {
      named += 1
      let more = Quantities.count(count - CheckNaming.shownObjects, "more damaged object")
      console.warn("pack \(pack.digest.short): … and \(more)")
    }
    if missing > CheckNaming.shownObjects {
      named += 1
      console.warn(
        "… and \(Quantities.count(missing - CheckNaming.shownObjects, "more missing object"))"
      )
    }
    return named
  }

  private func name(_ loss: Loss, _ cause: Cause) {
    let hidden = loss.hidden.values.reduce(UInt64(0)) { $0 + min($1, UInt64(Int32.max)) }
    let what =
      "\(Quantities.count(loss.paths.count, "file or folder", "files and folders"))"
      + (hidden > 0 ? ", and \(Quantities.count(Int(clamping: hidden), "file")) below," : "")
      + " in \(CheckNaming.text(of: loss.newestSnapshots)) cannot be restored: "
    let why =
      switch cause {
      case .pack(let pack): "pack \(pack.digest.short) is damaged"
      case .missing: "the store lacks content of \(loss.paths.count == 1 ? "it" : "them")"
      case .other(let reason): reason
      }
    console.warn(what + why)
    guard console.verbosity < .verbose else {
      for (snapshot, path) in loss.order {
        console.warn("  snapshot \(snapshot.digest.short): \(loss.text(path))")
      }
      return
    }
    var shown: Set<[UInt8]> = []
    for (_, path) in loss.order where shown.count < CheckNaming.shownPaths {
      if shown.insert(path).inserted { console.warn("  \(loss.text(path))") }
    }
    let more = loss.paths.count - shown.count
    if more > 0 { console.warn("  … and \(Quantities.count(more)) more (-v names them)") }
  }

  /// How many snapshots there are, and which, the newest first.
  static func text(of snapshots: [RecordID]) -> String {
    let count = Quantities.count(snapshots.count, "snapshot")
    guard !snapshots.isEmpty else { return count }
    var names = snapshots.prefix(shownSnapshots).map(\.digest.short).joined(separator: ", ")
    let more = snapshots.count - shownSnapshots
    if more > 0 { names += " and \(Quantities.count(more)) more" }
    return "\(count) (\(names))"
  }

  /// What is lost with a folder that cannot be listed.
  static func text(hidden: UInt64) -> String {
    guard hidden > 0 else { return "" }
    let count = Int(clamping: hidden)
    return ", and with it \(Quantities.count(count, "file")) below it"
  }

  private static func cause(of error: any Error) -> Cause {
    switch error {
    case TreeReadError<RepositoryError>.load(let error): cause(of: error)
    case RepositoryError.missingChunk: .missing
    case RepositoryError.damagedChunk(_, .damagedObject(_, let pack, _)),
      RepositoryError.damagedChunk(_, .sealed(_, let pack, _)),
      RepositoryError.damagedChunk(_, .damagedTrailer(let pack, _)),
      RepositoryError.damagedChunk(_, .wrongLength(let pack, _, _)):
      .pack(pack)
    // The chunk's own name would make each of them another cause.
    case RepositoryError.damagedChunk(_, .storage(let error)):
      .other(Explanation.failure(from: error).what)
    default: .other(Explanation.cause(error))
    }
  }

  private static func json(_ finding: CheckFinding) -> JSONText {
    JSONText([
      "message_type": .text("error"), "message": .text(Explanation.text(finding)),
      "data_loss": .flag(finding.isLoss),
    ])
  }
}
