import Backups
import Restoring
import Trees

/// What a restore shows while it runs and when it is done.
enum RestoreDisplay {
  // MARK: While it runs

  static func line(_ progress: RestoreProgress, seconds: Double) -> String {
    let counters = progress.counters
    var line = "\(Quantities.duration(seconds))  "
    let done = sum(counters.bytes, counters.bytesSkipped)
    if let totals = progress.totals {
      let share = totals.bytes > 0 ? min(Double(done) / Double(totals.bytes), 1) : 1
      line += "\(Quantities.decimal(share * 100, digits: 0))%  "
    }
    line += "\(Quantities.count(counters.files, "file"))  \(Quantities.bytes(counters.bytes))"
    if counters.bytesSkipped > 0 { line += "  \(Quantities.bytes(counters.bytesSkipped)) there" }
    if counters.filesReadBack > 0 {
      line += "  read back \(Quantities.bytes(counters.bytesReadBack))"
    } else if seconds > 0.5, done > 0 {
      line += "  \(Quantities.bytes(Int(Double(done) / seconds)))/s"
      if let totals = progress.totals, totals.bytes > 0 {
        let share = min(Double(done) / Double(totals.bytes), 1)
        if share > 0.02 { line += "  \(Quantities.duration((1 - share) / share * seconds)) left" }
      }
    }
    if counters.errors > 0 { line += "  \(Quantities.count(counters.errors, "error"))" }
    return line + "  " + DisplayedName.text(progress.current)
  }

  static func status(_ progress: RestoreProgress, seconds: Double) -> JSONText {
    let counters = progress.counters
    var json = JSONText([
      "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
      "files_restored": .number(counters.files), "files_skipped": .number(counters.filesSkipped),
      "bytes_restored": .number(counters.bytes), "bytes_skipped": .number(counters.bytesSkipped),
      "bytes_verified": .number(counters.bytesReadBack), "error_count": .number(counters.errors),
    ])
    if let totals = progress.totals {
      json.add("total_bytes", .number(Int(clamping: totals.bytes)))
      json.add("total_files", .number(Int(clamping: totals.files)))
    }
    return json
  }

  // MARK: Entries

  /// A line for one entry.
  static func text(_ action: RestoreAction, _ path: [UInt8], _ byteCount: UInt64) -> String {
    var line = word(action)
    line += String(repeating: " ", count: max(1, 11 - line.count)) + DisplayedName.text(path)
    if case .updated(let wrong) = action {
      line +=
        "  (\(Quantities.bytes(Int(clamping: wrong))) of \(Quantities.bytes(Int(clamping: byteCount))))"
    }
    return line
  }

  static func json(_ action: RestoreAction, _ path: [UInt8], _ byteCount: UInt64) -> JSONText {
    var json = JSONText([
      "message_type": .text("verbose_status"), "action": .text(word(action)),
      "item": JSONText.name(path), "size": .number(Int(clamping: byteCount)),
    ])
    if case .updated(let wrong) = action { json.add("bytes", .number(Int(clamping: wrong))) }
    return json
  }

  private static func word(_ action: RestoreAction) -> String {
    switch action {
    case .created: "create"
    case .replaced: "replace"
    case .updated: "update"
    case .attributesChanged: "attributes"
    case .unchanged: "unchanged"
    case .kept: "keep"
    case .removed: "delete"
    }
  }

  static func warning(_ finding: RestoreFinding, asJSON: Bool) -> String {
    guard asJSON else { return Explanation.text(finding) }
    return JSONText([
      "message_type": .text("error"), "item": JSONText.name(finding.path),
      "message": .text(Explanation.text(finding)),
    ]).line
  }

  /// That the target may have too little room.
  static func warning(_ room: RestoreRoom, asJSON: Bool) -> String {
    let text = "there may be too little room: \(Explanation.text(room))"
    guard asJSON else { return "warning: " + text }
    return JSONText([
      "message_type": .text("warning"), "code": .number(Int(ExitStatus.noSpace.rawValue)),
      "message": .text(text), "needed_bytes": .number(Int(clamping: room.neededBytes)),
      "available_bytes": .number(Int(clamping: room.availableBytes)),
    ]).line
  }

  // MARK: In the end

  /// What a stop means; the mark is that of Docs/decisions/0011.
  static func meaningOfStop(unfinished count: Int) -> String {
    guard count > 0 else { return "Files that were restored so far are whole." }
    return "Files that were restored so far are whole, but for "
      + "\(Quantities.count(count, "file")) that \(count == 1 ? "was begun and is" : "were begun and are") "
      + "not finished: mode 1600 marks \(count == 1 ? "it" : "them")."
  }

  static func text(
    _ counters: RestoreCounters,
    seconds: Double,
    isDryRun: Bool,
    overwrite: OverwriteRule
  ) -> [String] {
    var lines: [String] = []
    var there: [String] = []
    if counters.changesNothing(overwrite), counters.filesSkipped > 0 {
      lines.append(
        (overwrite == .always
          ? "everything was already as in the snapshot: " : "nothing was restored, as asked: ")
          + "\(Quantities.count(counters.filesSkipped, "file")), "
          + "\(Quantities.count(counters.folders + counters.foldersSkipped, "folder")), "
          + "\(Quantities.bytes(counters.bytesSkipped)) in \(Quantities.duration(seconds))"
      )
    } else {
      lines.append(
        "\(isDryRun ? "would restore" : "restored") \(Quantities.count(counters.files, "file")), "
          + "\(Quantities.count(counters.folders, "folder")), "
          + "\(Quantities.count(counters.others, "other entry", "other entries")), "
          + "\(Quantities.bytes(counters.bytes)) in \(Quantities.duration(seconds))"
      )
      there = Self.there(counters, isDryRun: isDryRun)
    }
    if !there.isEmpty { lines.append(there.joined(separator: ", ")) }
    if counters.filesReadBack > 0 {
      lines.append(
        "read back \(Quantities.count(counters.filesReadBack, "file")), "
          + "\(Quantities.bytes(counters.bytesReadBack)): as in the snapshot"
      )
    }
    if counters.errors > 0 { lines.append(Quantities.count(counters.errors, "error")) }
    return lines
  }

  /// What stayed, or was changed in another way than by its content.
  private static func there(_ counters: RestoreCounters, isDryRun: Bool) -> [String] {
    var there: [String] = []
    if counters.filesSkipped > 0 {
      there.append(
        "\(Quantities.count(counters.filesSkipped, "file")) left as "
          + (counters.filesSkipped == 1 ? "it was" : "they were")
      )
    }
    if counters.filesTouched > 0 {
      there.append("attributes of \(Quantities.count(counters.filesTouched, "file"))")
    }
    if counters.bytesSkipped > 0 {
      there.append("\(Quantities.bytes(counters.bytesSkipped)) were there already")
    }
    if counters.removed > 0 {
      there.append(
        "\(isDryRun ? "would delete" : "deleted") "
          + Quantities.count(counters.removed, "entry", "entries")
      )
    }
    return there
  }

  static func summary(_ counters: RestoreCounters, seconds: Double, isDryRun: Bool) -> JSONText {
    var json = JSONText([
      "message_type": .text("summary"), "files_restored": .number(counters.files),
      "files_skipped": .number(counters.filesSkipped),
      "files_attributes": .number(counters.filesTouched),
      "files_deleted": .number(counters.removed), "dirs": .number(counters.folders),
      "dirs_skipped": .number(counters.foldersSkipped),
      "others": .number(counters.others), "bytes_restored": .number(counters.bytes),
      "bytes_skipped": .number(counters.bytesSkipped),
      "files_verified": .number(counters.filesReadBack),
      "bytes_verified": .number(counters.bytesReadBack),
      "error_count": .number(counters.errors), "total_duration": .decimal(seconds),
    ])
    if isDryRun { json.add("dry_run", .flag(isDryRun)) }
    return json
  }

  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? Int.max : sum
  }
}

extension RestoreCounters {
  /// True if nothing had to be made, changed or removed, and nothing went wrong.
  ///
  /// Where files may not change, folders that got their attributes do not count: the files are what was asked about.
  fileprivate func changesNothing(_ overwrite: OverwriteRule) -> Bool {
    files == 0 && others == 0 && filesTouched == 0 && removed == 0 && errors == 0
      && (folders == 0 || overwrite != .always)
  }
}
