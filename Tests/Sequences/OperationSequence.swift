import Backups
import Chunking
import CoreTypes
import Packing
import Repositories
import Sealing
import Storage
import TestSupport
import Trees

/// What a repository did, and should not have done.
struct Mismatch: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// What a file of a snapshot is.
struct ExpectedFile: Equatable {
  var content: [UInt8]
  var mode: UInt16
  var modified: PointInTime
}

/// What a repository in memory should hold, and the one that does.
final class OperationSequence {
  private let store: MemoryStore
  private let folder: TemporaryFolder
  private let secret: SlotSecret
  private var parties: [Party] = []
  private var random: SplitMix64
  /// Contents that files have: few, so that they come again.
  private let contents: [[UInt8]]
  private var snapshots: [(id: RecordID, files: [String: ExpectedFile], tags: [String])] = []
  /// Which chunks lie in which pack.
  private var chunks: [Digest: [ChunkID]] = [:]
  private var hasLost = false
  /// What was done, for whoever looks for a fault.
  private(set) var story: [String] = []

  init(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    contents = [0, 1, 128, 129, 200, 201, 700, 1500, 1500, 4000].map { random.bytes($0) }
    self.random = random
    let key = RecoveryKey()
    secret = .recoveryKey(key.secret)
    folder = try TemporaryFolder()
    var made: MemoryStore?
    _ = try RepositoryCreation.create(
      secret: secret,
      note: KeySlot.Note(label: "test", made: PointInTime(seconds: 0)),
      chunking: .standard,
      time: PointInTime(seconds: 0)
    ) { (configuration, blobs) throws(StorageError) in
      guard let id = StoreID([UInt8](repeating: 1, count: 16)) else { return }
      let store = MemoryStore(id: id, configuration: configuration)
      for (name, bytes) in blobs { try store.put(bytes, as: name) }
      made = store
    }
    guard let made else { throw Mismatch("no store was made") }
    store = made
    for name in ["a", "b"] { parties.append(try Party(name, in: folder, opening: try unlock())) }
  }

  private func unlock() throws -> UnlockedRepository {
    try UnlockedRepository(store: store, secret: secret)
  }

  private func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  private var somebody: Party { parties[below(parties.count)] }

  private var there: Set<ChunkID> { Set(chunks.values.joined()) }

  // MARK: Steps

  func step() throws {
    switch below(32) {
    case 0...12: try backUp(somebody, depth: 0)
    case 13...15: try look(somebody)
    case 16...24: try readOne()
    case 25...27: try tag()
    case 28: try comeAnew(losingCaches: true)
    case 29: try comeAnew(losingCaches: false)
    case 30: try loseOne()
    default: try damageCopy()
    }
  }

  private func look(_ party: Party) throws {
    story.append("\(party.name) looks")
    try party.repository.refresh()
    party.known = there
  }

  private func comeAnew(losingCaches: Bool) throws {
    let party = somebody
    story.append("\(party.name) comes anew" + (losingCaches ? " without caches" : ""))
    try restart(party, losingCaches: losingCaches)
  }

  private func restart(_ party: Party, losingCaches: Bool) throws {
    if losingCaches { try party.loseCaches() }
    try party.open(try unlock())
    party.known = there
  }

  /// Stores what is new of some files, and commits a snapshot; at times another one comes in between.
  private func backUp(_ party: Party, depth: Int) throws {
    if below(2) == 0 { try look(party) }
    story.append("\(party.name) backs up")
    var files: [String: ExpectedFile] = [:]
    for name in ["a", "b", "c", "d", "e", "f", "g"] where below(2) == 0 {
      files[name] = ExpectedFile(
        content: contents[below(contents.count)],
        mode: UInt16([0o644, 0o600, 0o755][below(3)]),
        modified: PointInTime(seconds: Int64(below(3)), nanoseconds: UInt32(below(2)))
      )
    }
    let session = try WriteSession(repository: party.repository, signer: party.signer)
    let writer = ObjectWriter(party, session, there: there)
    let entry = try writer.directory(of: files)
    if let pack = try writer.finish(in: store) {
      try session.enter(pack)
      chunks[pack.id.digest] = pack.objects.flatMap(\.chunkIDs)
      party.known.formUnion(pack.objects.flatMap(\.chunkIDs))
    }
    if depth == 0, below(4) == 0 {
      let other = parties[party.name == "a" ? 1 : 0]
      try backUp(other, depth: 1)
    }
    let tags = below(3) == 0 ? ["t\(below(3))"] : []
    let number = snapshots.count
    let record = try session.commit(time: PointInTime(seconds: Int64(number))) { _ in
      var snapshot = Snapshot()
      snapshot.roots = [SnapshotRoot(path: Array("/source".utf8), entry: entry)]
      snapshot.totals = snapshot.sumOfRoots
      snapshot.author = SnapshotAuthor(
        time: PointInTime(seconds: Int64(number)),
        host: party.name,
        user: "tester",
        program: "test",
        tags: tags
      )
      return snapshot
    }
    snapshots.append((record.id, files, tags))
  }

  private func tag() throws {
    guard !snapshots.isEmpty else { return }
    let (party, number) = (somebody, below(snapshots.count))
    try look(party)
    let tags = (0..<below(3)).map { "t\($0 + below(2))" }
    story.append("\(party.name) tags snapshot \(number): \(tags)")
    _ = try SnapshotTagging(repository: party.repository, signer: party.signer)
      .apply(.set(tags), to: [snapshots[number].id], time: PointInTime(seconds: 1))
    snapshots[number].tags = Set(tags).sorted()
  }

  private func readOne() throws {
    guard !snapshots.isEmpty else { return }
    let (party, number) = (somebody, below(snapshots.count))
    let isKnown = party.repository.log.records[snapshots[number].id] != nil
    if !isKnown || below(4) == 0 {
      try look(party)
      try expectTags(number, party.repository)
    }
    story.append("\(party.name) reads snapshot \(number)")
    try expectContent(number, party.repository)
  }

  /// A pack goes for good: what was in it alone cannot be read until somebody stores it again.
  private func loseOne() throws {
    guard below(2) == 0, let pack = chunks.keys.sorted().randomElement(using: &random) else {
      return
    }
    story.append("pack \(pack) is lost")
    try store.remove(BlobName(.pack, pack))
    chunks[pack] = nil
    hasLost = true
    for party in parties { try restart(party, losingCaches: false) }
  }

  /// A copy of the store gets a flipped bit: whoever reads it gets right bytes or none, and a check finds it.
  private func damageCopy() throws {
    guard let pack = chunks.keys.sorted().randomElement(using: &random) else { return }
    let copy = MemoryStore(id: store.id, configuration: try store.readConfiguration())
    for kind in [BlobKind.pack, .record, .manifest, .slot, .keyringEntry] {
      for digest in try store.names(of: kind) {
        let name = BlobName(kind, digest)
        var bytes = try store.read(name)
        if kind == .pack, digest == pack {
          let (place, bit) = (below(bytes.count), below(8))
          bytes[place] ^= 1 << UInt8(bit)
          story.append("in a copy bit \(bit) of byte \(place) of pack \(pack) flips")
        }
        try copy.put(bytes, as: name)
      }
    }
    let reader = try TemporaryFolder()
    let repository = try UnlockedRepository(store: copy, secret: secret)
      .open(folders: Party.folders("reader", in: reader))
    if try findings(of: repository) == 0 {
      throw Mismatch("a flipped bit of \(pack) is not noticed")
    }
    guard !snapshots.isEmpty else { return }
    let number = below(snapshots.count)
    if case .some(let read) = try files(of: number, repository), read != snapshots[number].files {
      throw Mismatch("snapshot \(number) of a damaged copy is not as it was")
    }
  }

  // MARK: Looking

  private func findings(of repository: OpenRepository) throws -> Int {
    try CheckPipeline(
      repository: repository,
      reading: .everything,
      workerCount: 1,
      progress: { _, _, _ in }
    ) { false }.run().findings.count
  }

  /// The files of a snapshot as the repository gives them; `nil` if it cannot.
  private func files(
    of number: Int,
    _ repository: OpenRepository
  ) throws -> [String: ExpectedFile]? {
    guard let record = repository.log.records[snapshots[number].id] else {
      throw Mismatch("snapshot \(number) is not in the log")
    }
    let snapshot = try repository.snapshot(record)
    let source = try ChunkSource(repository: repository)
    let reader = TreeReader { id throws(RepositoryError) in try source.bytes(of: id, kind: .tree) }
    var found: [String: ExpectedFile] = [:]
    do {
      guard let top = snapshot.roots.first?.entry, let directory = top.directory else {
        throw Mismatch("snapshot \(number) has no root")
      }
      var entries = reader.entries(of: directory, promising: top.subtree)
      while let entry = try entries.next() {
        var content: [UInt8] = []
        if case .inline(let bytes) = entry.content { content = bytes }
        var items = reader.items(of: entry)
        while let item = try items.next() { content += try source.bytes(of: item.id, kind: .data) }
        found[String(decoding: entry.name, as: UTF8.self)] = ExpectedFile(
          content: content,
          mode: entry.mode,
          modified: entry.modified
        )
      }
    } catch is RepositoryError {
      return nil
    } catch is TreeReadError<RepositoryError> {
      return nil
    }
    return found
  }

  private func expectTags(_ number: Int, _ repository: OpenRepository) throws {
    let (id, _, tags) = snapshots[number]
    guard let record = repository.log.records[id] else {
      throw Mismatch("snapshot \(number) is not in the log")
    }
    let given = try repository.snapshot(record).author?.tags ?? []
    let known = repository.snapshotTags.tags(of: id, given: given)
    if known != tags { throw Mismatch("snapshot \(number) has tags \(known) instead of \(tags)") }
  }

  private func expectContent(_ number: Int, _ repository: OpenRepository) throws {
    guard let found = try files(of: number, repository) else {
      if !hasLost { throw Mismatch("snapshot \(number) cannot be read") }
      return
    }
    if found != snapshots[number].files { throw Mismatch("snapshot \(number) is not as it was") }
  }

  /// Looks at everything in the end, as somebody who was never here.
  func finish() throws {
    let fresh = try TemporaryFolder()
    let repository = try unlock().open(folders: Party.folders("fresh", in: fresh))
    guard Set(repository.log.snapshots.map(\.id)) == Set(snapshots.map(\.id)) else {
      throw Mismatch("the log has other snapshots")
    }
    for number in snapshots.indices {
      try expectTags(number, repository)
      try expectContent(number, repository)
    }
    let packs = try store.names(of: .pack)
    guard Set(packs) == Set(chunks.keys) else { throw Mismatch("there are other packs") }
    let count = try findings(of: repository)
    if count > 0, !hasLost { throw Mismatch("\(count) findings") }
  }
}
