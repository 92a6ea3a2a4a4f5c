import ArgumentParser
import Browsing
import CoreTypes
import Files
import Indexing
import Packing
import Repositories
import Threading
import Trees

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Show how much the snapshots hold, together and each alone.",
    discussion: """
      Logical is what a restore of each snapshot would write. Unique is that without what is there more than once. Stored \
      is what it takes in the repository, compressed and sealed. Alone is what no other snapshot needs: about what \
      removing that one would free.

        kist stats
        kist stats latest
        kist stats --host laptop --tag weekly
        kist stats --json | jq .total_size
      """
  )

  @OptionGroup var options: RepositoryOptions

  @OptionGroup(title: "Which snapshots") var filter: SnapshotFilterOptions

  @Argument(help: "Snapshots: id, start of an id, latest, latest~N (default: all).")
  var snapshots: [String] = []

  func run() throws {
    let repository = try options.openToRead()
    let (chosen, damaged) = try filter.snapshots(
      named: snapshots,
      in: repository,
      content: .here,
      console: options.console
    )
    let chosenIDs = Set(chosen.map(\.id))
    let others = repository.openSnapshots(content: .here) { error in
      // Told above if it is among those that are meant.
      if options.verbose {
        options.console.warn("warning: " + Explanation.failure(from: error).what)
      }
    }.filter { !chosenIDs.contains($0.id) }
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    let (sum, shares, gaps) = try count(chosen, beside: others, in: repository, source)
    let stored = try Self.everything(in: repository)
    if options.json {
      options.console.result(json(sum, shares, stored).line)
    } else {
      show(sum, shares, stored, others: others.count)
    }
    if options.verbose {
      options.console.warn("\(Quantities.count(source.loadCount, "tree node")) read")
    }
    if sum.missingChunks > 0 {
      options.console.warn(
        "warning: the store lacks \(Quantities.count(sum.missingChunks, "chunk")) that the snapshots need; "
          + "`kist check` names the files"
      )
    }
    if gaps > 0, !options.json {
      options.console.warn(
        "warning: what could not be read is named above, and not in the sums; `kist check` tells more"
      )
    }
    if damaged || gaps > 0 || sum.missingChunks > 0 { throw ExitCode(ExitStatus.damage.rawValue) }
  }

  /// Counts, says how far it is, and names what cannot be read.
  private func count(
    _ chosen: [OpenedSnapshot],
    beside others: [OpenedSnapshot],
    in repository: OpenRepository,
    _ source: NodeSource
  ) throws -> (SnapshotCensus.Sum, [SnapshotCensus.Share], gaps: Int) {
    let nodes = Monitor(0)
    let display = ProgressLine(console: options.console) { seconds in
      "\(Quantities.duration(seconds))  "
        + Quantities.count(nodes.withLock { $0 }, "tree node") + " read"
    } status: { seconds in
      JSONText([
        "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
        "nodes_read": .number(nodes.withLock { $0 }),
      ])
    }
    defer { display.finish() }
    var gaps: [SnapshotCensus.Gap] = []
    let (sum, shares) = try SnapshotCensus(repository: repository, source: source) { gap in
      gaps.append(gap)
    } progress: { count in
      nodes.withLock { $0 = count }
    }.count(chosen, beside: others)
    display.finish()
    for gap in gaps { SnapshotText.warn(of: gap, options.console) }
    return (sum, shares, gaps.count)
  }

  /// What the store has, whoever needs it.
  private struct Stored {
    var packs = 0
    var objects = 0
    var bytes = 0
  }

  private static func everything(in repository: OpenRepository) throws -> Stored {
    var stored = Stored()
    stored.packs = try repository.index.allPacks().count
    try repository.index.forEachObject { location in
      stored.objects += 1
      stored.bytes += location.place.storedByteCount
    }
    return stored
  }

  /// How often the stored bytes are there when everything is restored; `nil` if nothing is stored.
  private static func ratio(_ sum: SnapshotCensus.Sum) -> Double? {
    sum.storedBytes > 0 ? Double(sum.logical.bytes) / Double(sum.storedBytes) : nil
  }

  private static func text(_ bytes: UInt64) -> String { Quantities.bytes(Int(clamping: bytes)) }

  // MARK: For people

  private func show(
    _ sum: SnapshotCensus.Sum,
    _ shares: [SnapshotCensus.Share],
    _ stored: Stored,
    others: Int
  ) {
    guard !shares.isEmpty else {
      options.console.say("no snapshots")
      return
    }
    let ratio = Self.ratio(sum).map { Quantities.decimal($0, digits: $0 < 10 ? 2 : 1) } ?? "-"
    let rows = [
      [
        "logical", Self.text(sum.logical.bytes),
        "\(Quantities.count(Int(clamping: sum.logical.files), "file")) and "
          + "\(Quantities.count(sum.folders, "folder")) in \(Quantities.count(shares.count, "snapshot"))",
      ],
      [
        "unique", Self.text(sum.contentBytes),
        "\(Quantities.count(sum.contentChunks, "chunk")) of "
          + "\(Quantities.count(sum.distinctFiles, "file")) that differ",
      ],
      [
        "", Self.text(sum.nodeBytes),
        "\(Quantities.count(sum.nodeChunks, "tree node"))"
          + (sum.inlineBytes > 0 ? ", with \(Self.text(sum.inlineBytes)) of small files" : ""),
      ],
      [
        "stored", Quantities.bytes(sum.storedBytes),
        Quantities.count(sum.objects, "object"),
      ],
      ["ratio", ratio, "logical to stored"],
      [
        "store", Quantities.bytes(stored.bytes),
        "\(Quantities.count(stored.objects, "object")) in \(Quantities.count(stored.packs, "pack"))",
      ],
    ]
    for line in TextTable.lines(
      header: ["", "", ""],
      rows: rows,
      rightAligned: [1]
    ).dropFirst() { options.console.result(line) }
    options.console.result("")
    let lines = TextTable.lines(
      header: ["id", "time", "host", "tags", "files", "logical", "alone", "stored alone"],
      rows: shares.map(row),
      rightAligned: [4, 5, 6, 7],
      fitting: .terminal(shortening: 3, dropping: [2, 3])
    )
    for line in lines { options.console.result(line) }
    if others > 0 {
      options.console.say(
        "\nalone: beside \(Quantities.count(others, "other snapshot")), not listed here"
      )
    }
  }

  private func row(_ share: SnapshotCensus.Share) -> [String] {
    let totals = share.snapshot.content.totals
    return SnapshotText.compactRow(share.snapshot) + [
      Quantities.count(Int(clamping: totals.files)), Self.text(totals.bytes),
      Self.text(share.bytesAlone), Quantities.bytes(share.storedBytesAlone),
    ]
  }

  // MARK: For programs

  private func json(
    _ sum: SnapshotCensus.Sum,
    _ shares: [SnapshotCensus.Share],
    _ stored: Stored
  ) -> JSONText {
    JSONText([
      "message_type": .text("summary"), "snapshots_count": .number(shares.count),
      "total_file_count": .number(Int(clamping: sum.logical.files)),
      "total_folder_count": .number(sum.folders),
      "total_entry_count": .number(Int(clamping: sum.logical.entries)),
      "total_size": .number(Int(clamping: sum.logical.bytes)),
      "unique_file_count": .number(sum.distinctFiles),
      "unique_file_size": .number(Int(clamping: sum.distinctFileBytes)),
      "unique_size": .number(Int(clamping: sum.contentBytes)),
      "inline_size": .number(Int(clamping: sum.inlineBytes)),
      "chunk_count": .number(sum.contentChunks), "node_count": .number(sum.nodeChunks),
      "node_size": .number(Int(clamping: sum.nodeBytes)), "object_count": .number(sum.objects),
      "stored_size": .number(sum.storedBytes),
      "ratio": Self.ratio(sum).map { .decimal($0) } ?? .null,
      "missing_chunks": .number(sum.missingChunks), "store_pack_count": .number(stored.packs),
      "store_object_count": .number(stored.objects), "store_size": .number(stored.bytes),
      "snapshots": .list(shares.map { .object(json($0)) }),
    ])
  }

  private func json(_ share: SnapshotCensus.Share) -> JSONText {
    var json = SnapshotText.json(share.snapshot)
    json.add("folders", .number(share.folders))
    json.add("unique_alone", .number(Int(clamping: share.bytesAlone)))
    json.add("chunks_alone", .number(share.chunksAlone))
    json.add("stored_alone", .number(share.storedBytesAlone))
    return json
  }
}
