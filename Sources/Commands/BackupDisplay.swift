import Backups
import CoreTypes
import Repositories

/// What a backup shows while it runs and when it is done.
enum BackupDisplay {
  /// How a run ended.
  enum Result {
    case snapshot(BackupSummary)
    case rehearsal(BackupRehearsal)

    var counters: BackupCounters {
      switch self {
      case .snapshot(let summary): summary.progress
      case .rehearsal(let rehearsal): rehearsal.progress
      }
    }
  }

  /// `waiting` is a path that does not answer.
  static func line(
    _ counters: BackupCounters,
    current: [UInt8],
    waiting: [UInt8]?,
    seconds: Double
  ) -> String {
    // A large file is seen when it is done, and read long before.
    let done = max(counters.bytesSeen, counters.bytesRead)
    let rate = seconds > 0.2 ? Quantities.bytes(Int(Double(done) / seconds)) + "/s" : ""
    var line =
      "\(Quantities.duration(seconds))  \(Quantities.count(counters.files, "file"))  "
      + "\(Quantities.bytes(done))  \(rate)  stored \(Quantities.bytes(counters.bytesStored))"
    if counters.errors > 0 { line += "  \(Quantities.count(counters.errors, "error"))" }
    if waiting != nil { line += "  waiting for" }
    return line + "  " + DisplayedName.text(waiting ?? current)
  }

  static func status(
    _ counters: BackupCounters,
    current: [UInt8],
    waiting: [UInt8]?,
    seconds: Double
  ) -> JSONText {
    var json = JSONText([
      "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
      "files_done": .number(counters.files),
      "bytes_done": .number(counters.bytesSeen), "bytes_read": .number(counters.bytesRead),
      "bytes_stored": .number(counters.bytesStored), "error_count": .number(counters.errors),
      "current_file": JSONText.name(current),
    ])
    if let waiting { json.add("waiting_for", JSONText.name(waiting)) }
    return json
  }

  /// A line about a file or folder that is new or changed.
  static func entry(_ state: EntryState, _ path: [UInt8], _ console: Console) {
    guard console.isJSON else {
      let word = state.rawValue
      let space = String(repeating: " ", count: max(1, 10 - word.count))
      return console.detail(word + space + DisplayedName.text(path))
    }
    console.entry(
      JSONText([
        "message_type": .text("verbose_status"), "action": .text(state.rawValue),
        "item": JSONText.name(path),
      ]).line
    )
  }

  static func summary(_ result: Result, seconds: Double) -> JSONText {
    let counters = result.counters
    var json = JSONText(["message_type": .text("summary")])
    switch result {
    case .snapshot(let summary): json.add("snapshot_id", .text("\(summary.snapshot)"))
    case .rehearsal: json.add("dry_run", .flag(true))
    }
    for (key, number) in [
      ("files_new", counters.filesNew), ("files_changed", counters.filesChanged),
      ("files_unmodified", counters.filesUnmodified), ("dirs_new", counters.foldersNew),
      ("dirs_changed", counters.foldersChanged), ("dirs_unmodified", counters.foldersUnmodified),
      ("others", counters.others), ("excluded", counters.excluded),
      ("total_files_processed", counters.files), ("total_bytes_processed", counters.bytesSeen),
      ("bytes_read", counters.bytesRead), ("data_added", counters.bytesAdded),
      ("data_inline", counters.bytesInline), ("data_stored", counters.bytesStored),
      ("packs", counters.packsStored),
      ("readings_repeated", counters.rereads), ("error_count", counters.errors),
    ] {
      json.add(key, .number(number))
    }
    json.add("total_duration", .decimal(seconds))
    return json
  }

  /// What an earlier process had left, which did not end.
  static func text(_ salvaged: OrphanSalvage.Summary) -> String {
    salvaged.objects > 0
      ? "an earlier run did not end; \(Quantities.bytes(salvaged.bytes)) of what it was storing are used"
      : "an earlier run did not end; nothing of the pack that it was writing could be used"
  }

  static func text(_ result: Result, seconds: Double) -> [String] {
    let counters = result.counters
    var lines = [
      "files:    "
        + figures(counters.filesNew, counters.filesChanged, counters.filesUnmodified),
      "folders:  "
        + figures(counters.foldersNew, counters.foldersChanged, counters.foldersUnmodified),
    ]
    if counters.others > 0 { lines.append("others:   \(Quantities.count(counters.others))") }
    if counters.excluded > 0 {
      lines.append("left out: \(Quantities.count(counters.excluded)) by the rules")
    }
    let isRehearsal: Bool
    if case .rehearsal = result { isRehearsal = true } else { isRehearsal = false }
    let would = isRehearsal ? "would be " : ""
    lines.append(
      "\(Quantities.bytes(counters.bytesSeen)) in all, \(Quantities.bytes(counters.bytesRead)) read, "
        + "\(Quantities.bytes(counters.bytesAdded)) \(would)added, "
        + "\(Quantities.bytes(counters.bytesStored)) \(would)stored"
    )
    if counters.bytesInline > 0 {
      lines.append(
        "beside that, \(Quantities.bytes(counters.bytesInline)) of small files \(would)kept in their folders' own records"
      )
    }
    if counters.rereads > 0 {
      lines.append(
        "\(Quantities.count(counters.rereads, "reading")) repeated, of files that changed meanwhile"
      )
    }
    if counters.errors > 0 {
      lines.append(
        counters.errors == 1
          ? "1 entry was not saved as it is; it is named above"
          : "\(Quantities.count(counters.errors)) entries were not saved as they are; named above"
      )
    }
    switch result {
    case .snapshot(let summary):
      lines.append(
        "snapshot \(summary.snapshot.digest.short) saved in \(Quantities.duration(seconds))"
      )
    case .rehearsal: lines.append("dry run: nothing was written to the repository")
    }
    return lines
  }

  private static func figures(_ new: Int, _ changed: Int, _ unmodified: Int) -> String {
    "\(Quantities.count(new)) new, \(Quantities.count(changed)) changed, "
      + "\(Quantities.count(unmodified)) unmodified"
  }
}
