import Backups
import CoreTypes
import Files
import Foundation
import Indexing
import Repositories
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("What the disk cannot read")
struct UnreadableTests {
  /// A repository with one backup, on a disk that can be made to fail.
  private struct Setting {
    let client: Client
    let disk: FailingDisk
    let repository: OpenRepository

    init() throws {
      let workshop = try Workshop()
      try Client.makeRepository(in: workshop)
      client = Client(workshop: workshop, name: "one")
      for number in 0..<6 {
        let bytes = (0..<70_000).map { _ in UInt8.random(in: 0...255) }
        try workshop.write(bytes, to: "source/file-\(number)")
      }
      disk = FailingDisk(over: try DirectoryStore(path: workshop.path + "/repository"))
      repository = try UnlockedRepository(store: disk, secret: Client.secret)
        .open(folders: client.folders)
      try client.backup(repository, [source])
    }

    var source: String { client.workshop.path + "/source" }

    var unreadableCount: Int {
      get throws { try repository.index.unreadableObjects().count }
    }

    func requireRestored(as name: String) throws {
      let target = client.workshop.path + "/" + name
      try client.restore(repository, "latest", to: target)
      let (restored, saved) = (try contents(of: target), try contents(of: source))
      #expect(restored == saved)
    }
  }

  @Test(arguments: [DataReading.heads, .everything])
  func `is stored anew by the next backup`(reading: DataReading) throws {
    let setting = try Setting()
    setting.disk.fault = .reads(try setting.repository.store.names(of: .pack))
    let report = try setting.client.check(setting.repository, readsData: reading == .everything)
    #expect(report.findings.contains { $0.isUnreadable })
    #expect(report.unreadablePacks.count == 1 && report.damagedPacks.isEmpty)
    #expect(try setting.unreadableCount > 0)
    let again = try setting.client.backup(setting.repository, [setting.source])
    #expect(again.progress.bytesAdded >= 6 * 70_000)
    try setting.requireRestored(as: "out")
  }

  @Test func `is noted by a restore, so that the next backup stores it anew`() throws {
    let setting = try Setting()
    setting.disk.fault = .reads(try setting.repository.store.names(of: .pack))
    let target = setting.client.workshop.path + "/broken"
    let broken = try setting.client.restore(setting.repository, "latest", to: target)
    #expect(!broken.findings.kept.isEmpty)
    #expect(try setting.unreadableCount > 0)
    try setting.client.backup(setting.repository, [setting.source])
    try setting.client.backup(setting.repository, [setting.source])
    _ = try setting.client.check(setting.repository)
    try setting.client.backup(setting.repository, [setting.source])
    try setting.requireRestored(as: "out")
  }

  @Test func `is relied on again when it can be read again`() throws {
    let setting = try Setting()
    setting.disk.fault = .reads(try setting.repository.store.names(of: .pack))
    _ = try setting.client.check(setting.repository)
    #expect(try setting.unreadableCount > 0)
    setting.disk.fault = .none
    let again = try setting.client.backup(setting.repository, [setting.source])
    #expect(again.progress.bytesAdded == 0)
    #expect(try setting.repository.index.damagedObjects() == [])
    #expect(try setting.client.check(setting.repository).findings.isEmpty)
  }

  @Test func `does not count as damaged where the whole disk is gone`() throws {
    let setting = try Setting()
    setting.disk.fault = .everything
    #expect(throws: BackupError.self) { try setting.client.check(setting.repository) }
    setting.disk.fault = .none
    #expect(try setting.repository.index.damagedObjects() == [])
  }
}

/// A disk on which some files, or all, cannot be read.
private final class FailingDisk: OverlaidStore {
  enum Fault {
    case none
    /// Packs of which no byte can be read; their names and sizes can.
    case reads([Digest])
    case everything
  }

  let base: any BlobStore
  private let state = Mutex(Fault.none)

  init(over store: any BlobStore) { base = store }

  var fault: Fault {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }

  private func refuse(_ name: String, _ digest: Digest?) throws(StorageError) {
    switch fault {
    case .none: return
    case .reads(let packs):
      guard let digest, packs.contains(digest) else { return }
    case .everything: break
    }
    throw .failed(name: name, FilesError("pread", Array(name.utf8), EIO))
  }

  func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    try refuse("packs", nil)
    return try base.names(of: kind)
  }

  func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    try refuse(name.description, name.digest)
    return try base.read(name)
  }

  func read(_ name: BlobName, from offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    try refuse(name.description, name.digest)
    return try base.read(name, from: offset, count: count)
  }
}
