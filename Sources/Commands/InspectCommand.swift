import Indexing
import Chunking
import ArgumentParser
import CoreTypes
import Packing
import Repositories
import Sealing
import Storage
import Trees

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the parts of a repository as they are stored.",
    discussion: """
        kist inspect config
        kist inspect packs
        kist inspect pack ID
        kist inspect records
      """
  )

  /// What can be shown.
  enum Part: String, ExpressibleByArgument, CaseIterable {
    case config
    case packs
    case pack
    case object
    case records
    case snapshot
  }

  @OptionGroup var options: RepositoryOptions

  @Argument(help: "config, packs, pack, object, records or snapshot.")
  var part: Part

  @Argument(help: "Id of the pack, object or snapshot, or the start of it.")
  var id: String?

  func run() throws {
    let repository = try options.open()
    let console = options.console
    switch part {
    case .config: showConfiguration(repository)
    case .packs:
      for (sequence, pack) in try repository.index.allPacks() {
        let trailer = try repository.packs.trailer(of: pack)
        guard !options.json else {
          console.result(InspectJSON.pack(pack, sequence: sequence, trailer).line)
          continue
        }
        let lines = IdentityLines.lines(
          "\(pack)",
          "\(sequence)  \(Quantities.count(trailer.places.count, "object"))  \(trailer.packByteCount) bytes"
        )
        for line in lines { console.result(line) }
      }
    case .pack: try showPack(repository)
    case .object: try showObject(repository)
    case .records: showRecords(repository)
    case .snapshot: try showSnapshot(repository)
    }
  }

  private func showConfiguration(_ repository: OpenRepository) {
    let configuration = repository.configuration
    if options.json {
      options.console.result(InspectJSON.configuration(of: repository).line)
      return
    }
    let rows = [
      ["repository id", "\(configuration.repositoryID)"],
      ["store id", "\(repository.store.id)"],
      ["made", CalendarTime.text(configuration.made)],
      ["root key", Hexadecimal.text(of: configuration.rootPublicKey)],
      [
        "chunk sizes",
        "\(configuration.chunking.minimum) \(configuration.chunking.average) \(configuration.chunking.maximum)",
      ],
      ["data key", "\(repository.keyring.currentDataKey.id)"],
      ["id key", "\(repository.keyring.currentIdentityKey.id)"],
    ]
    for line in IdentityLines.fields(rows) { options.console.result(line) }
  }

  private func wantedID() throws -> String {
    guard let id, !id.isEmpty else { throw Failure(.usage, "inspect \(part.rawValue) needs an id") }
    return id.lowercased()
  }

  private func showPack(_ repository: OpenRepository) throws {
    let wanted = try wantedID()
    guard
      let pack = try repository.index.allPacks().map(\.pack).first(where: {
        $0.description.hasPrefix(wanted)
      })
    else { throw Failure(.failed, "there is no pack \(wanted)") }
    let trailer = try repository.packs.trailer(of: pack)
    let opener = try ObjectOpener(keyring: repository.keyring)
    for (place, head) in zip(
      trailer.places,
      try repository.packs.heads(of: pack, trailer: trailer)
    ) {
      let directory = try opener.directory(of: try head.get())
      guard !options.json else {
        options.console.result(InspectJSON.object(place, in: pack, directory).line)
        continue
      }
      let facts =
        "\(directory.kind == .tree ? "tree" : "data")  at \(place.stubOffset)  "
        + "body \(place.bodyByteCount)  head \(place.headByteCount)  "
        + Quantities.count(directory.chunkIDs.count, "chunk")
      for line in IdentityLines.lines("\(place.id)", facts) { options.console.result(line) }
    }
  }

  private func showObject(_ repository: OpenRepository) throws {
    let wanted = try wantedID()
    guard let digest = Digest(hexadecimal: wanted),
      let location = try repository.index.location(of: ObjectID(digest))
    else { throw Failure(.failed, "there is no object \(wanted); give all 64 digits") }
    let opener = try ObjectOpener(keyring: repository.keyring)
    let head = try repository.packs.head(of: location.place, in: location.pack)
    let directory = try opener.directory(of: head)
    let opened = try ChunkSource(repository: repository).openUncached(location).body
    if options.json {
      var json = InspectJSON.object(location.place, in: location.pack, directory)
      json.add("chunks", InspectJSON.chunks(directory.chunkIDs, lengths: opened.lengths))
      return options.console.result(json.line)
    }
    options.console.result(
      "pack \(location.pack)\nkind \(directory.kind == .tree ? "tree" : "data")\n"
        + "plaintext \(opened.plaintext.count) bytes\nbody \(location.place.bodyByteCount) bytes"
    )
    for (id, length) in zip(directory.chunkIDs, opened.lengths) {
      options.console.result("\(id)  \(length)")
    }
  }

  private func showRecords(_ repository: OpenRepository) {
    let records = repository.log.records.values.sorted {
      ($0.clear.time, $0.clear.sequence) < ($1.clear.time, $1.clear.sequence)
    }
    for record in records {
      guard !options.json else {
        options.console.result(InspectJSON.record(record).line)
        continue
      }
      options.console.result(
        "\(record.id)  \(CalendarTime.text(record.clear.time))  \(record.clear.kind)  "
          + "writer \(record.clear.writer.short) \(record.clear.sequence)  "
          + "parents \(record.clear.parents.map(\.digest.short).joined(separator: ","))  "
          + "adds \(record.clear.adds.count)+\(record.clear.addManifests.count)m"
      )
    }
  }

  private static func text(_ owners: [SnapshotOwner]) -> String {
    owners.map { "\($0.number)=\(DisplayedName.text($0.name))" }.joined(separator: " ")
  }

  private func showSnapshot(_ repository: OpenRepository) throws {
    let record = try repository.findSnapshot(id ?? "latest")
    let snapshot = try repository.snapshot(record)
    if options.json {
      return options.console.result(InspectJSON.snapshot(snapshot, of: record.id).line)
    }
    let rows =
      [
        ["record", "\(record.id)"],
        ["parents", snapshot.parents.map(\.description).joined(separator: " ")],
        ["roots", snapshot.roots.map { DisplayedName.text($0.path) }.joined(separator: "  ")],
        [
          "trees",
          snapshot.roots.compactMap { $0.entry.directory?.description }.joined(separator: " "),
        ],
        ["files", "\(snapshot.totals.files)"], ["bytes", "\(snapshot.totals.bytes)"],
        ["entries", "\(snapshot.totals.entries)"],
        ["hard link nodes", "\(snapshot.hardLinks.count)"],
        ["users", Self.text(snapshot.users)],
        ["groups", Self.text(snapshot.groups)],
      ]
      + snapshot.rules.map { rule in
        let lines = rule.value.split(separator: "\n").map { DisplayedName.text($0) }
        return ["rule \(rule.name)", lines.joined(separator: "  ")]
      }
    for line in IdentityLines.fields(rows) { options.console.result(line) }
  }
}
