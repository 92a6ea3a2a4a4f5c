import Profiles
import ArgumentParser
import CoreTypes
import Files
import Mirroring
import Repositories
import Storage

/// From where a command takes what is damaged or missing in the repository.
struct SpareOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Take what is damaged or missing from this copy of the repository: a folder, ssh://host/folder, or \
      pipe:COMMAND (default: the mirrors of the profile).
      """,
      valueName: "destination"
    )
  )
  var repairFrom: String?

  /// Has a repository use the copies that are configured; `nil` if there are none.
  ///
  /// Nobody is asked for anything until something is found damaged.
  func use(
    for repository: OpenRepository,
    _ options: RepositoryOptions,
    keeping: SpareStore.Keeping = .broughtBack
  ) throws -> SpareStores? {
    let texts = try repairFrom.map { [$0] } ?? options.profile()?.mirrors ?? []
    guard !texts.isEmpty, let store = repository.store as? any BlobStore & CommitLocking else {
      return nil
    }
    let folders = try options.folders()
    // Nothing is written to an older copy in the repository's place.
    let isOlder = !RollbackWatch(options: options)
      .missing(from: repository.log, of: store, repository.configuration).isEmpty
    let index = repository.index
    let program = Surroundings.program
    let stores = try texts.map { text in
      let place = try RepositoryPlace(text, remoteProgram: options.remoteProgram)
      let target = place.destination
      return SpareStores.Named(
        name: DisplayedName.text(place.name),
        store: SpareStore(program: program, keeping: isOlder ? .used : keeping) {
          try KeylessRepository(store: store, index: index)
        } connect: {
          let connection = try MirrorConnection(
            to: target,
            folders: folders,
            limits: PacedStream.Limits(upload: nil, download: nil),
            serving: PeerOptions(program: program)
          )
          return SpareStore.Connection(stream: connection.stream) { connection.finish() }
        } interruption: {
          InterruptFlag.isRaised
        }
      )
    }
    let spares = SpareStores(stores, of: store.location)
    repository.use(spares)
    return spares
  }
}

/// Copies of the repository that are asked one after the other.
final class SpareStores: SpareObjects {
  /// A copy, with its name for people.
  struct Named {
    let name: String
    let store: SpareStore
  }

  private let stores: [Named]
  /// Names the repository that is healed, for people.
  private let here: String

  init(_ stores: [Named], of here: String) {
    self.stores = stores
    self.here = here
  }

  func object(_ id: ObjectID, damagedIn pack: PackID?) -> SpareObject? {
    for spare in stores {
      if let object = spare.store.object(id, damagedIn: pack) { return object }
    }
    return nil
  }

  func bringBackLost() -> Bool {
    var hasCome = false
    for spare in stores where spare.store.bringBackLost() { hasCome = true }
    return hasCome
  }

  /// Ends all lines, and says once what came from where.
  func finish(_ console: Console) {
    for spare in stores {
      guard let report = spare.store.finish() else { continue }
      if console.isJSON {
        console.warn(json(report, from: spare.name).line)
        continue
      }
      let name = DisplayedName.text(spare.name)
      for line in text(report, from: name) { console.warn(line) }
    }
  }

  private func text(_ report: SpareStore.Report, from name: String) -> [String] {
    var lines: [String] = []
    if report.came > 0 {
      let isBack = report.broughtBack >= report.came
      lines.append(
        "\(Quantities.count(report.came, "object")) damaged or missing here came from \(name); "
          + (isBack
            ? "brought back"
            : "not brought back: `kist check --read-data --repair-from \(name)` does")
      )
    }
    if report.lacking > 0, report.failure == nil {
      lines.append(
        "\(Quantities.count(report.lacking, "object")) damaged or missing here did not come from \(name) either"
      )
    }
    if let reason = reason(report, name) {
      lines.append("\(name) could not be asked for what is damaged here: \(reason)")
    }
    return lines
  }

  private func reason(_ report: SpareStore.Report, _ name: String) -> String? {
    guard let (error, status) = report.failure else { return nil }
    return Explanation.cause(
      Explanation.mirrorFailure(error, target: name, here: here, status: status)
    )
  }

  private func json(_ report: SpareStore.Report, from name: String) -> JSONText {
    var json = JSONText([
      "message_type": .text("healed"), "from": .text(name), "objects": .number(report.came),
      "brought_back": .number(min(report.broughtBack, report.came)),
      "lacking": .number(report.lacking), "packs_replaced": .number(report.replacedPacks),
    ])
    if let reason = reason(report, name) { json.add("failure", .text(reason)) }
    return json
  }
}
