import Chunking
import CoreTypes
import Foundation
import Indexing
import Mirroring
import Packing
import Repositories
import Sealing
import Sodium
import Storage
import Synchronization
import TestSupport
import Threading

let someTime = PointInTime(seconds: 1_700_000_000)

/// Small numbers from a seed that tests print.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func digest() -> Digest { Digest(words: next(), next(), next(), next()) }
}

/// A folder for indexes that goes with its last user.
final class Workshop: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "kist-mirroring-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { _ = try? FileManager.default.removeItem(atPath: path) }

  func index(_ store: StoreID) throws -> ObjectIndex {
    let folder = path + "/" + store.description
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try ObjectIndex(path: folder, store: store)
  }
}

/// The keys of a repository of which tests make stores.
struct Family {
  let workshop: Workshop
  let root = SigningKey(seed: SecretBytes(random: 32))
  let configuration: [UInt8]
  let id: RepositoryID
  let keyring: Keyring

  init() throws {
    workshop = try Workshop()
    let made = Configuration(rootPublicKey: root.publicKey, chunking: .standard, made: someTime)
    configuration = made.encoded(rootKey: root)
    id = made.repositoryID
    let sealer = KeyringSealer(repository: id, keyringKey: SecretBytes(random: 32))
    let entries = [
      try sealer.open(try sealer.newDataKey(made: someTime)),
      try sealer.open(try sealer.newIdentityKey(made: someTime)),
    ]
    guard let keyring = Keyring(repository: id, entries: entries) else {
      throw SealingError.malformed(what: "test keyring")
    }
    self.keyring = keyring
  }

  /// A store in memory with nothing but the configuration.
  func emptyStore() throws -> MemoryStore {
    guard let id = StoreID(RandomBytes.make(count: 16)) else { throw StorageError.damagedStoreID }
    return MemoryStore(id: id, configuration: configuration)
  }

  func open(_ store: MemoryStore) throws -> KeylessRepository {
    try KeylessRepository(store: store, index: try workshop.index(store.id))
  }

  /// A repository without records.
  func empty() throws -> KeylessRepository { try open(try emptyStore()) }

  /// Seals objects of the given sizes into one pack; not entered in any index.
  @discardableResult
  func pack(
    _ sizes: [Int],
    in store: any BlobStore,
    random: inout SplitMix64
  ) throws -> [ObjectID] {
    var writer = try PackWriter(in: store)
    var ids: [ObjectID] = []
    for size in sizes {
      let content = random.bytes(size)
      let naming = keyring.currentIdentityKey
      var sealer = try ObjectSealer(
        key: keyring.currentDataKey,
        identityKey: naming.id,
        compression: .off
      )
      let object = try sealer.seal(
        kind: .data,
        chunkIDs: [naming.chunkID(of: content.span, kind: .data)],
        lengths: [size],
        plaintext: content.span
      ).named()
      try writer.append(object)
      ids.append(object.id)
    }
    _ = try writer.finish()
    return ids
  }

  /// Signs a record that follows all records of the store, and commits it.
  @discardableResult
  func commit(
    _ kind: RecordKind,
    to repository: KeylessRepository,
    by signer: SigningKey? = nil,
    sequence: UInt64? = nil,
    _ change: (inout RecordClear) -> Void = { _ in }
  ) throws -> Record {
    let record = try record(kind, in: repository, by: signer, sequence: sequence, change)
    try repository.store.put(record.bytes, as: BlobName(.record, record.id.digest))
    try repository.refresh()
    return record
  }

  /// A signed record that is stored nowhere.
  func record(
    _ kind: RecordKind,
    in repository: KeylessRepository,
    by signer: SigningKey? = nil,
    sequence: UInt64? = nil,
    _ change: (inout RecordClear) -> Void = { _ in }
  ) throws -> Record {
    let signer = signer ?? root
    guard let writer = Digest(signer.publicKey) else { throw StorageError.damagedStoreID }
    let log = repository.log
    var clear = RecordClear(
      repository: id,
      writer: writer,
      sequence: sequence ?? log.nextSequence(of: writer),
      parents: log.frontier,
      kind: kind,
      time: someTime
    )
    change(&clear)
    return try Record(
      signing: clear,
      content: Array("content".utf8),
      key: keyring.currentDataKey,
      signer: signer
    )
  }

  /// Adds a pack of objects and a snapshot that names them.
  @discardableResult
  func snapshot(
    _ repository: KeylessRepository,
    sizes: [Int],
    random: inout SplitMix64
  ) throws -> [ObjectID] {
    let ids = try pack(sizes, in: repository.store, random: &random)
    try repository.refresh()
    try commit(.snapshot, to: repository) { $0.adds = ids.sorted() }
    return ids
  }

  /// A writer with a key of its own, enrolled in the store.
  func enrol(in repository: KeylessRepository) throws -> SigningKey {
    let key = SigningKey(seed: SecretBytes(random: 32))
    try commit(.enrolment, to: repository) { $0.enrolled = Digest(key.publicKey) }
    return key
  }
}

/// What came of a run at one end.
typealias Ending = Result<MirrorSummary, MirrorError>

/// Carries what one end found from its thread.
private final class EndingBox: Sendable {
  let ending = Mutex<Ending?>(nil)
}

/// Runs one end to its end.
func run(
  _ repository: KeylessRepository?,
  over stream: any DuplexStream,
  _ options: PeerOptions
) -> Ending {
  do {
    let peer = try MirrorPeer(
      stream: stream,
      repository: repository,
      options: options,
      progress: MirrorProgress(),
      interruption: { false }
    )
    return .success(try peer.run())
  } catch {
    return .failure(error)
  }
}

/// Runs two ends against each other.
func mirror(
  _ here: KeylessRepository,
  _ there: KeylessRepository?,
  wishes: [String],
  role: Role = .full,
  streams: (any DuplexStream, any DuplexStream)? = nil,
  here change: (inout PeerOptions) -> Void = { _ in },
  there changeThere: (inout PeerOptions) -> Void = { _ in }
) throws -> (here: Ending, there: Ending) {
  var options = PeerOptions(program: "test")
  options.wishes = wishes
  options.stallSeconds = 20
  change(&options)
  var other = PeerOptions(program: "test serve")
  other.role = role
  other.stallSeconds = 20
  changeThere(&other)
  let ends = streams ?? MemoryStream.pair()
  let box = EndingBox()
  let (stream, otherOptions) = (ends.1, other)
  let thread = try WorkerThread.start {
    let ending = run(there, over: stream, otherOptions)
    box.ending.withLock { $0 = ending }
  }
  let ending = run(here, over: ends.0, options)
  thread.join()
  return (ending, box.ending.withLock { $0 } ?? .failure(.closed))
}

/// Every promise of a store that can be proven without keys; a list of what is broken.
func faults(of repository: KeylessRepository) throws -> [String] {
  try repository.refresh()
  var faults = repository.log.findings.map { "\($0)" } + repository.findings.map { "\($0)" }
  let verifier = try PackVerifier(store: repository.store, keyring: nil)
  for pack in try repository.store.names(of: .pack) {
    faults += verifier.verify(PackID(pack)).findings.map { "\($0)" }
  }
  let required = try repository.required()
  for record in repository.log.records.values {
    for object in try RecordLog.adds(of: record, in: repository.store)
    where required.requires(named: object) {
      if try repository.index.location(of: object) == nil { faults.append("missing \(object)") }
    }
  }
  for kind in BlobKind.allCases where kind != .pack {
    for name in try repository.store.names(of: kind) {
      if PlainHash.of(try repository.store.read(BlobName(kind, name))) != name {
        faults.append("\(kind) \(name)")
      }
    }
  }
  return faults
}
