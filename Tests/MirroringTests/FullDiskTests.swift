import CoreTypes
import Mirroring
import Packing
import Repositories
import Storage
import Testing

/// A receiver whose disk takes no more.
@Suite("Mirrors on a full disk")
struct FullDiskTests {
  private let family: Family

  init() throws { family = try Family() }

  @Test(arguments: [FaultyStore.Fault.noSpace, .crashBefore, .crashAfter])
  func `a write that fails at any step leaves packs that are what they say, and the next run ends`(
    fault: FaultyStore.Fault
  ) throws {
    var random = SplitMix64(seed: 71)
    let source = try family.empty()
    for size in [100, 3000] {
      try family.snapshot(source, sizes: [size, 2 * size], random: &random)
    }
    var step = 0
    while true {
      let memory = try family.emptyStore()
      let sound = try family.open(memory)
      let failing = FailingStore(over: memory, fault, atStep: step)
      let mirrored = try KeylessRepository(store: failing, index: sound.index)
      let ending = try mirror(source, mirrored, wishes: [Hello.Wish.push]).there
      #expect(try faults(of: sound) == [], "step \(step)")
      if case .success = ending { break }
      _ = try mirror(source, sound, wishes: [Hello.Wish.push]).there.get()
      #expect(try faults(of: sound) == [], "after step \(step)")
      #expect(sound.log.frontier == source.log.frontier)
      step += 1
      try #require(step < 100)
    }
    // Every append of an object is such a step.
    #expect(step > 8, "\(step) steps")
  }
}

/// A store in memory that fails at one step.
private final class FailingStore: BlobStore, CommitLocking {
  private let store: FaultyStore
  private let memory: MemoryStore

  init(over memory: MemoryStore, _ fault: FaultyStore.Fault, atStep step: Int) {
    self.memory = memory
    store = FaultyStore(over: memory, fault, atStep: step)
  }

  var id: StoreID { store.id }
  var location: String { store.location }
  func readConfiguration() throws(StorageError) -> [UInt8] { try store.readConfiguration() }
  func names(of kind: BlobKind) throws(StorageError) -> [Digest] { try store.names(of: kind) }
  func byteCount(of name: BlobName) throws(StorageError) -> Int { try store.byteCount(of: name) }
  func read(_ name: BlobName) throws(StorageError) -> [UInt8] { try store.read(name) }
  func read(_ name: BlobName, from offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    try store.read(name, from: offset, count: count)
  }
  func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    try store.put(bytes, as: name)
  }
  func newBlob() throws(StorageError) -> any UnfinishedBlob { try store.newBlob() }
  func remove(_ name: BlobName) throws(StorageError) { try store.remove(name) }
  func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) throws(StorageError) -> CommitAnswer {
    try store.commit(record, as: digest, knowing: seen)
  }
  func orphans() throws(StorageError) -> [any OrphanedBlob] { [] }
  func strangers() throws(StorageError) -> [String] { [] }
  func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try memory.withCommitLock(body)
  }
}
