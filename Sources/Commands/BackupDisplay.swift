import CoreTypes
import Backups

/// What a backup shows while it runs and when it is done.
enum BackupDisplay {
  static func line(_ counters: BackupCounters, current: [UInt8], seconds: Double) -> String {
    let files = counters.filesNew + counters.filesUnmodified
    let rate =
      seconds > 0.2 ? Quantities.bytes(Int(Double(counters.bytesSeen) / seconds)) + "/s" : ""
    var line =
      "\(Quantities.duration(seconds))  \(Quantities.count(files, "file"))  "
      + "\(Quantities.bytes(counters.bytesSeen))  \(rate)  stored \(Quantities.bytes(counters.bytesStored))"
    if counters.errors > 0 { line += "  \(Quantities.count(counters.errors, "error"))" }
    return line + "  " + DisplayedName.text(current)
  }

  static func status(_ counters: BackupCounters, current: [UInt8], seconds: Double) -> JSONText {
    JSONText([
      "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
      "files_done": .number(counters.filesNew + counters.filesUnmodified),
      "bytes_done": .number(counters.bytesSeen), "bytes_read": .number(counters.bytesRead),
      "bytes_stored": .number(counters.bytesStored), "error_count": .number(counters.errors),
      "current_file": JSONText.name(current),
    ])
  }

  static func summary(_ summary: BackupSummary, seconds: Double) -> JSONText {
    let counters = summary.progress
    return JSONText([
      "message_type": .text("summary"), "snapshot_id": .text("\(summary.snapshot)"),
      "files_new_or_changed": .number(counters.filesNew),
      "files_unmodified": .number(counters.filesUnmodified), "dirs": .number(counters.folders),
      "others": .number(counters.others), "total_bytes": .number(counters.bytesSeen),
      "bytes_read": .number(counters.bytesRead), "data_added": .number(counters.bytesAdded),
      "data_stored": .number(counters.bytesStored), "packs": .number(counters.packsStored),
      "error_count": .number(counters.errors), "total_duration": .decimal(seconds),
    ])
  }

  static func text(_ summary: BackupSummary, seconds: Double) -> [String] {
    let counters = summary.progress
    var lines = [
      "\(Quantities.count(counters.filesNew)) new or changed, "
        + "\(Quantities.count(counters.filesUnmodified)) unmodified files "
        + "in \(Quantities.count(counters.folders, "folder")), "
        + "\(Quantities.count(counters.others)) other entries",
      "\(Quantities.bytes(counters.bytesSeen)) in all, \(Quantities.bytes(counters.bytesRead)) read, "
        + "\(Quantities.bytes(counters.bytesAdded)) added, "
        + "\(Quantities.bytes(counters.bytesStored)) stored",
    ]
    if counters.errors > 0 {
      lines.append(
        "\(Quantities.count(counters.errors, "entry", "entries")) not saved as they are; named above"
      )
    }
    lines.append(
      "snapshot \(summary.snapshot.digest.short) saved in \(Quantities.duration(seconds))"
    )
    return lines
  }
}
