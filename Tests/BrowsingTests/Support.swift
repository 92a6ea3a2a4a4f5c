import Backups
import Chunking
import CoreTypes
import Files
import Foundation
import Repositories
import Scanning
import Sealing
import Sodium
import Storage
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Browsing

/// A store over another one that notes what is read of packs.
final class CountingStore: OverlaidStore {
  let base: any BlobStore
  private let reads = Mutex(Reads())

  /// Reads of packs.
  struct Reads {
    var count = 0
    var bytes = 0
  }

  init(over store: any BlobStore) { base = store }

  var packReads: Reads { reads.withLock { $0 } }

  func forgetReads() { reads.withLock { $0 = Reads() } }

  private func note(_ name: BlobName, _ count: Int) {
    guard name.kind == .pack else { return }
    reads.withLock {
      $0.count += 1
      $0.bytes += count
    }
  }

  func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    let bytes = try base.read(name)
    note(name, bytes.count)
    return bytes
  }

  func read(_ name: BlobName, from offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    note(name, count)
    return try base.read(name, from: offset, count: count)
  }
}

/// A repository, and a folder that is backed up to it.
struct Bench {
  let folder: TemporaryFolder
  let store: CountingStore
  let repository: OpenRepository

  init() throws {
    folder = try TemporaryFolder()
    let recovery = RecoveryKey()
    _ = try RepositoryCreation.create(
      at: folder.path + "/store",
      secret: .recoveryKey(recovery.secret),
      note: KeySlot.Note(label: "test", made: PointInTime(seconds: 0)),
      chunking: .standard,
      time: PointInTime(seconds: 0)
    )
    store = CountingStore(over: try DirectoryStore(path: folder.path + "/store"))
    repository = try UnlockedRepository(store: store, secret: .recoveryKey(recovery.secret))
      .open(folders: Bench.folders(in: folder))
    try folder.makeFolder("source")
  }

  private static func folders(in folder: TemporaryFolder) -> ClientFolders {
    ClientFolders(cache: folder.path + "/cache", state: folder.path + "/state")
  }

  var source: String { folder.path + "/source" }

  func path(_ name: String) -> [UInt8] { Array((source + "/" + name).utf8) }

  /// Writes a file of the source, and the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    if let slash = name.lastIndex(of: "/") {
      try folder.makeFolder("source/" + name[..<slash])
    }
    try folder.write(bytes, to: "source/" + name)
  }

  func remove(_ name: String) throws { try folder.remove("source/" + name) }

  /// Makes a snapshot of the source; the time counts up, so that snapshots have an order.
  @discardableResult
  func backup(at seconds: Int64, host: String = "host") throws -> OpenedSnapshot {
    let identity = repository.configuration.repositoryID
    let folders = Bench.folders(in: folder)
    let time = PointInTime(seconds: seconds)
    let signer = try WriterEnrolment(
      repository: repository,
      memory: try ClientMemory(stateFolder: folders.state, repository: identity)
    ).signer(label: "test", host: "host", time: time)
    let summary = try BackupPipeline(
      repository: repository,
      signer: signer,
      cache: try ScanCache(path: folders.scanCache(of: identity), repository: identity),
      plan: BackupPlan(
        roots: [Array(source.utf8)],
        workerCount: 2,
        host: host,
        user: "tester",
        program: "test",
        time: time
      ),
      progress: BackupProgress()
    ) { false }.run()
    let record = try #require(repository.log.records[summary.snapshot])
    return try repository.open(record, tags: repository.snapshotTags)
  }

  func nodes() throws -> NodeSource { try NodeSource(repository: repository) { false } }

  /// The ids of all nodes of a snapshot's folders.
  func nodeIDs(of snapshot: OpenedSnapshot) throws -> Set<ChunkID> {
    let source = try nodes()
    var ids: Set<ChunkID> = []
    source.observe { id, _ in ids.insert(id) }
    for top in try source.reader.tops(of: snapshot.content, at: nil) {
      try TreeListing(reader: source.reader).forEachEntry(of: top, reach: .everything) { _, _ in }
    }
    return ids
  }
}
