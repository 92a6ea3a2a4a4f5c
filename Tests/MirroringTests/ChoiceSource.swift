import CoreTypes
import Indexing
import Mirroring
import Repositories
import Sealing
import Storage

/// A repository of three snapshots, each with two objects of its own.
struct ChoiceSource {
  let repository: KeylessRepository
  var snapshots: [RecordID] = []
  var objects: [[ObjectID]] = []
  private var random: SplitMix64

  init(_ family: Family, seed: UInt64) throws {
    random = SplitMix64(seed: seed)
    repository = try family.empty()
    for number in 1...3 {
      let ids = try family.pack([100, 900 * number], in: repository.store, random: &random)
      try repository.refresh()
      let record = try family.commit(.snapshot, to: repository) { $0.adds = ids.sorted() }
      objects.append(ids)
      snapshots.append(record.id)
    }
  }

  /// Some of the snapshots by their places, and what they need.
  func choice(_ places: Int...) -> MirrorChoice {
    MirrorChoice(
      snapshots: places.map { snapshots[$0] },
      objects: ChosenObjects(places.flatMap { objects[$0] })
    )
  }

  /// Adds a snapshot whose objects stand in a manifest; returns its name.
  mutating func addWithManifest(_ family: Family) throws -> Digest {
    let ids = try family.pack([40, 50, 60], in: repository.store, random: &random)
    try repository.refresh()
    let manifest = Manifest.encode(ids.sorted()[...])
    let name = PlainHash.of(manifest)
    try repository.store.put(manifest, as: BlobName(.manifest, name))
    snapshots.append(try family.commit(.snapshot, to: repository) { $0.addManifests = [name] }.id)
    objects.append(ids)
    return name
  }

  /// Condemns an object in favour of a new one, which is returned.
  mutating func replace(_ object: ObjectID, _ family: Family) throws -> ObjectID {
    let ids = try family.pack([70], in: repository.store, random: &random)
    try repository.refresh()
    try family.commit(.condemnation, to: repository) {
      $0.adds = ids
      $0.condemns = [object]
      $0.replaces = ids
    }
    return ids[0]
  }
}

extension Family {
  func push(
    _ source: KeylessRepository,
    to other: KeylessRepository?,
    _ choice: MirrorChoice?,
    role: Role = .full,
    wishes: [String] = []
  ) throws -> (here: Ending, there: Ending) {
    try mirror(source, other, wishes: [Hello.Wish.push] + wishes, role: role) {
      $0.choice = choice
    }
  }

  /// The objects that a store has.
  func objects(of repository: KeylessRepository) throws -> Set<ObjectID> {
    Set(try repository.index.objectIDs())
  }

  /// The snapshots that a store says it holds.
  func held(_ repository: KeylessRepository) throws -> Set<RecordID> {
    try repository.refresh()
    return Set(repository.log.snapshots.map(\.id).filter { repository.holding.holds($0) })
  }
}

func isRefusedChoice(_ ending: Ending) -> Bool {
  switch ending {
  case .failure(.choiceRefused),
    .failure(.peer(code: MirrorErrorCode.choiceRefused, text: _)):
    true
  case .failure, .success: false
  }
}
