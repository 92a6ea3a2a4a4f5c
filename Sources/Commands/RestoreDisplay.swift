import Backups
import Trees

/// What a restore shows while it runs and when it is done.
enum RestoreDisplay {
  static func line(
    _ counters: RestoreCounters,
    of totals: TreeTotals,
    current: [UInt8],
    seconds: Double
  ) -> String {
    let share = totals.bytes > 0 ? Double(counters.bytes) / Double(totals.bytes) : 1
    var line =
      "\(Quantities.duration(seconds))  \(Quantities.decimal(min(share, 1) * 100, digits: 0))%  "
      + "\(Quantities.count(counters.files, "file"))  \(Quantities.bytes(counters.bytes))"
    if seconds > 0.5, counters.bytes > 0 {
      line += "  \(Quantities.bytes(Int(Double(counters.bytes) / seconds)))/s"
      let left = (1 - min(share, 1)) / share * seconds
      if share > 0.02 { line += "  ETA \(Quantities.duration(left))" }
    }
    if counters.errors > 0 { line += "  \(Quantities.count(counters.errors, "error"))" }
    return line + "  " + DisplayedName.text(current)
  }

  static func status(
    _ counters: RestoreCounters,
    of totals: TreeTotals,
    seconds: Double
  )
    -> JSONText
  {
    JSONText([
      "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
      "files_restored": .number(counters.files), "bytes_restored": .number(counters.bytes),
      "total_bytes": .number(Int(clamping: totals.bytes)),
      "total_files": .number(Int(clamping: totals.files)),
      "error_count": .number(counters.errors),
    ])
  }

  static func summary(_ counters: RestoreCounters, seconds: Double) -> JSONText {
    JSONText([
      "message_type": .text("summary"), "files_restored": .number(counters.files),
      "dirs": .number(counters.folders), "others": .number(counters.others),
      "bytes_restored": .number(counters.bytes), "error_count": .number(counters.errors),
      "total_duration": .decimal(seconds),
    ])
  }
}
