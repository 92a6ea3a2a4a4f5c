import CoreTypes
import Indexing
package import Repositories
import Trees

/// Finds the objects that snapshots need, as this store holds them.
///
/// Folders that snapshots share are read once. Memory: about 80 bytes a folder and an object.
package struct SnapshotNeeds {
  private let source: NodeSource
  private let state: NeedState

  package init(repository: OpenRepository, source: NodeSource) throws(BrowsingError) {
    try self.init(source: source, state: try NeedState(repository: repository))
  }

  /// As above, with what `state` takes for usable.
  init(source: NodeSource, state: NeedState) throws(BrowsingError) {
    self.source = source
    self.state = state
    let state = state
    source.observe { id, _ throws(BrowsingError) in try state.enter(id) }
  }

  /// The objects that these snapshots and those that were asked for before need.
  package func objects(of snapshots: [OpenedSnapshot]) throws(BrowsingError) -> ChosenObjects {
    let needs = try survey(of: snapshots)
    if let missing = needs.missing.first { throw .repository(.missingChunk(missing)) }
    return ChosenObjects(needs.objects)
  }

  /// As above, with the chunks that no sound object here holds; throws where a folder cannot be read.
  func survey(
    of snapshots: [OpenedSnapshot]
  ) throws(BrowsingError) -> (objects: Set<ObjectID>, missing: Set<ChunkID>) {
    for snapshot in snapshots { try walk(snapshot) }
    return (state.objects, state.missing)
  }

  private func walk(_ snapshot: OpenedSnapshot) throws(BrowsingError) {
    for node in snapshot.content.hardLinks {
      _ = try reading { () throws(TreeReadError<BrowsingError>) in try source.reader.node(node) }
    }
    for root in snapshot.content.roots {
      try enter(root.entry)
      if let directory = root.entry.directory { try walk(directory) }
    }
  }

  private func walk(_ top: ChunkID) throws(BrowsingError) {
    guard state.isNew(folder: top) else { return }
    var open = [source.reader.entries(of: top)]
    while !open.isEmpty {
      let entry: TreeEntry?
      do {
        entry = try open[open.count - 1].next()
      } catch {
        throw error.browsingError
      }
      guard let entry else {
        open.removeLast()
        continue
      }
      try enter(entry)
      guard let directory = entry.directory, state.isNew(folder: directory) else { continue }
      guard open.count < TreeLimits.depth else { throw .tree(.tooDeep) }
      open.append(source.reader.entries(of: directory))
    }
  }

  /// Enters the content of an entry, and the nodes beside it; folders are not gone into.
  private func enter(_ entry: TreeEntry) throws(BrowsingError) {
    // Loading is what enters them.
    try source.reader.loadNodes(beside: entry)
    guard entry.kind == .file else { return }
    try source.reader.forEachChunk(of: entry) { item throws(BrowsingError) in
      try state.enter(item.id)
    }
  }
}

/// What was found so far; used by one thread.
final class NeedState {
  /// What is thought of objects that no record names.
  enum Unclaimed {
    /// No log requires them: a mirror would not ask for one.
    case leaveOut
    /// A record is going to name them.
    case use
  }

  private let repository: OpenRepository
  private let unclaimed: Unclaimed
  private let condemned: Set<ObjectID>
  /// What records name, if the index may remember one that a revocation took out of the log.
  private let named: Set<ObjectID>?
  private(set) var objects: Set<ObjectID> = []
  private(set) var missing: Set<ChunkID> = []
  private var folders: Set<ChunkID> = []
  /// By the catalog's number of the object.
  private var usable: [UInt64: Bool] = [:]

  init(
    repository: OpenRepository,
    unclaimed: Unclaimed = .leaveOut
  ) throws(BrowsingError) {
    self.repository = repository
    self.unclaimed = unclaimed
    let log = repository.log
    condemned = Set(log.condemnedObjects)
    guard log.records.values.contains(where: { $0.clear.kind == .revocation }) else {
      self.named = nil
      return
    }
    var named: Set<ObjectID> = []
    do throws(RepositoryError) {
      for record in log.records.values {
        named.formUnion(try RecordLog.adds(of: record, in: repository.store))
      }
    } catch {
      throw .repository(error)
    }
    self.named = named
  }

  func isNew(folder: ChunkID) -> Bool { folders.insert(folder).inserted }

  /// Enters the object that holds a chunk: one that is needed anyway, else the first that is sound.
  func enter(_ chunk: ChunkID) throws(BrowsingError) {
    do throws(IndexingError) {
      var found: ObjectID?
      for place in try repository.catalog.places(of: chunk) where try isUsable(place) {
        if objects.contains(place.object) { return }
        found = found ?? place.object
      }
      if let found {
        objects.insert(found)
        return
      }
    } catch {
      throw .repository(.index(error))
    }
    missing.insert(chunk)
  }

  /// True if the object is sound, and one that may be relied on.
  func isUsable(_ place: ChunkPlace) throws(IndexingError) -> Bool {
    if let known = usable[place.ordinal] { return known }
    let isSound = try repository.index.isUsable(place.object)
    let mayBeNamed: Bool
    switch unclaimed {
    case .leaveOut: mayBeNamed = try isClaimed(place.object)
    case .use: mayBeNamed = true
    }
    let isUsable = isSound && mayBeNamed && !condemned.contains(place.object)
    usable[place.ordinal] = isUsable
    return isUsable
  }

  /// True if some record of the log adds the object.
  func isClaimed(_ object: ObjectID) throws(IndexingError) -> Bool {
    if let named { return named.contains(object) }
    return try repository.index.isClaimed(object)
  }
}
