import ArgumentParser
import Browsing
import CoreTypes
import Files
import Repositories
import Trees

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what differs between two snapshots.",
    discussion: """
      One line for each path that differs, with a mark before it:

        +  only in the second
        -  only in the first
        M  other content
        U  other mode, owner, times or attributes (with --metadata)
        T  something of another kind, such as a link and no file

      Folders that both snapshots share are not read, so two large snapshots are compared quickly.

        kist diff latest~1 latest
        kist diff 4f2a 91c3 --metadata
        kist diff latest~7:/home/ann/Documents latest    # of that folder
        kist diff latest:/srv/www latest:/srv/staging    # of two folders
      """
  )

  @OptionGroup var options: RepositoryOptions

  @Flag(help: "Show what differs in mode, owner, times or attributes alone, too.")
  var metadata = false

  @OptionGroup(title: "Which snapshot latest is") var filter: SnapshotFilterOptions

  @Argument(help: ArgumentHelp(SnapshotName.help))
  var first: String

  @Argument(help: "Another one; if only one of the two has a path, it counts for both.")
  var second: String

  func run() throws {
    let repository = try options.openToRead()
    let filter = try filter.filter()
    let names = (old: SnapshotName(first), new: SnapshotName(second))
    let old = try names.old.open(in: repository, among: filter)
    let new = try names.new.open(in: repository, among: filter)
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    let tops = try tops(names, (old, new), source.reader)
    let output = ResultOutput()
    if !options.json, !options.quiet {
      try output.line("comparing \(Self.text(old)) with \(Self.text(new))\n")
    }
    let (isJSON, showsMetadata) = (options.json, metadata)
    var comparison = SnapshotComparison(reader: source.reader) { change throws(BrowsingError) in
      guard change.mark != .metadata || showsMetadata else { return }
      try output.line(isJSON ? Self.json(change).line : Self.text(change))
    }
    let totals: ComparisonTotals
    if names.old.hasPath, names.new.hasPath, let left = tops.old.only, let right = tops.new.only {
      totals = try comparison.compare(anywhere: left, with: right)
    } else {
      totals = try comparison.compare(tops.old, with: tops.new)
    }
    if isJSON {
      try output.line(Self.json(totals, old, new).line)
    } else if !options.quiet {
      let lines = totals.areNone ? ["no differences"] : Self.text(totals)
      for line in lines { try output.line(line) }
    }
    try output.flush()
    if options.verbose {
      options.console.warn("\(Quantities.count(source.loadCount, "tree node")) read")
    }
  }

  /// What the two names lead to; says which of the snapshots lacks its path, and whether the other has one.
  private func tops(
    _ names: (old: SnapshotName, new: SnapshotName),
    _ snapshots: (old: OpenedSnapshot, new: OpenedSnapshot),
    _ reader: TreeReader<BrowsingError>
  ) throws -> (old: [TreeTop], new: [TreeTop]) {
    func found(_ name: SnapshotName, _ snapshot: OpenedSnapshot) throws -> [TreeTop]? {
      do {
        return try name.tops(of: snapshot.content, reader: reader)
      } catch BrowsingError.noSuchPath {
        return nil
      }
    }
    let (first, second) = (names.old.takingPath(of: names.new), names.new.takingPath(of: names.old))
    let (old, new) = (try found(first, snapshots.old), try found(second, snapshots.new))
    if let old, let new { return (old, new) }
    let lacking =
      old != nil
      ? "the second snapshot, \(Self.text(snapshots.new)), has no \(second.shownPath)"
      : "the first snapshot, \(Self.text(snapshots.old)), has no \(first.shownPath)"
    let other =
      old != nil || new != nil
      ? "The \(old != nil ? "first" : "second") has \((old != nil ? first : second).shownPath)."
      : "The second has no \(second.shownPath) either."
    throw Failure(
      .failed,
      lacking,
      meaning: other,
      advice:
        "`kist history PATH` tells which snapshots have it; a diff of the folder above shows it as new or removed."
    )
  }

  private static func text(_ snapshot: OpenedSnapshot) -> String {
    "\(snapshot.id.digest.short) (\(CalendarTime.text(snapshot.record.clear.time)))"
  }

  // MARK: Changes

  private static func letter(_ mark: PathChange.Mark) -> String {
    switch mark {
    case .added: "+"
    case .removed: "-"
    case .content: "M"
    case .metadata: "U"
    case .kind: "T"
    }
  }

  private static func text(_ change: PathChange) -> String {
    let entry = change.new ?? change.old
    return "\(letter(change.mark))    \(EntryText.name(change.path, entry?.kind))"
  }

  private static func json(_ change: PathChange) -> JSONText {
    var json = JSONText([
      "message_type": .text("change"), "path": JSONText.name(change.path),
      "modifier": .text(letter(change.mark)),
    ])
    for (key, entry) in [("source", change.old), ("target", change.new)] {
      guard let entry else { continue }
      json.add(
        key,
        .object(
          JSONText([
            "type": .text(EntryText.word(entry.kind)), "size": .number(Int(clamping: entry.size)),
            "mtime": .text(CalendarTime.iso(entry.modified)),
          ])
        )
      )
    }
    return json
  }

  // MARK: Totals

  private static func text(_ totals: ComparisonTotals) -> [String] {
    func line(_ name: String, _ count: (ComparisonTotals.Counts) -> Int) -> String {
      let (added, removed) = (count(totals.added), count(totals.removed))
      let metadata = count(totals.metadata)
      return
        "\(name) \(Quantities.count(added)) new, \(Quantities.count(removed)) removed, "
        + "\(Quantities.count(count(totals.changed))) changed"
        + (metadata > 0 ? ", \(Quantities.count(metadata)) with other metadata only" : "")
    }
    let about = totals.bytesAreExact ? "" : " at most"
    return [
      "", line("files:  ") { $0.files }, line("folders:") { $0.folders },
      line("others: ") { $0.others },
      "content added:\(about)   \(Quantities.bytes(Int(clamping: totals.bytesAdded)))",
      "content removed:\(about) \(Quantities.bytes(Int(clamping: totals.bytesRemoved)))",
    ]
  }

  private static func json(
    _ totals: ComparisonTotals,
    _ old: OpenedSnapshot,
    _ new: OpenedSnapshot
  ) -> JSONText {
    func counts(_ counts: ComparisonTotals.Counts, bytes: UInt64? = nil) -> JSONText.Value {
      var json = JSONText([
        "files": .number(counts.files), "dirs": .number(counts.folders),
        "others": .number(counts.others),
      ])
      if let bytes { json.add("bytes", .number(Int(clamping: bytes))) }
      return .object(json)
    }
    return JSONText([
      "message_type": .text("statistics"), "source_snapshot": .text("\(old.id)"),
      "target_snapshot": .text("\(new.id)"), "changed_files": .number(totals.changed.files),
      "changed": counts(totals.changed), "metadata_only": counts(totals.metadata),
      "other_kind": .number(totals.kinds), "added": counts(totals.added, bytes: totals.bytesAdded),
      "removed": counts(totals.removed, bytes: totals.bytesRemoved),
      "bytes_are_exact": .flag(totals.bytesAreExact),
    ])
  }
}

extension Collection {
  /// The element, if there is exactly one.
  var only: Element? { count == 1 ? first : nil }
}
