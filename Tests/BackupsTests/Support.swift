import Backups
import Chunking
import CoreTypes
import Files
import Foundation
import Repositories
import Restoring
import Scanning
import Sealing
import Sodium
import Storage
import Synchronization
import Trees

/// A fresh folder that is removed with its last user.
final class Workshop: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "kist-backups-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { _ = try? FileManager.default.removeItem(atPath: path) }

  func folder(_ name: String) throws -> String {
    let folder = path + "/" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try Data(bytes).write(to: url)
  }
}

/// A client: its own cache and state, so that two of them may use one repository in one process.
struct Client {
  let workshop: Workshop
  let name: String
  static let secret = SlotSecret.passphrase(SecretBytes(copying: Array("secret".utf8)), .least)

  var folders: ClientFolders {
    ClientFolders(
      cache: workshop.path + "/cache-" + name,
      state: workshop.path + "/state-" + name
    )
  }

  static func makeRepository(in workshop: Workshop) throws {
    _ = try RepositoryCreation.create(
      at: workshop.path + "/repository",
      secret: secret,
      note: KeySlot.Note(label: "test", made: PointInTime(seconds: 0)),
      chunking: .standard,
      time: PointInTime(seconds: 0)
    )
  }

  func unlock() throws -> UnlockedRepository {
    try UnlockedRepository(
      store: DirectoryStore(path: workshop.path + "/repository"),
      secret: Client.secret
    )
  }

  func open() throws -> OpenRepository { try unlock().open(folders: folders) }

  @discardableResult
  func backup(
    _ repository: OpenRepository,
    _ roots: [String],
    interruption: @escaping @Sendable () -> Bool = { false }
  ) throws -> BackupSummary {
    let now = SystemClock.now()
    let time = PointInTime(seconds: now.seconds, nanoseconds: now.nanoseconds)
    let identity = repository.configuration.repositoryID
    let enrolment = WriterEnrolment(
      repository: repository,
      memory: try ClientMemory(stateFolder: folders.state, repository: identity)
    )
    let signer = try enrolment.signer(label: name, host: name, time: time)
    let cachePath = folders.scanCache(of: identity)
    return try BackupPipeline(
      repository: repository,
      signer: signer,
      cache: try ScanCache(path: cachePath, repository: identity),
      plan: BackupPlan(
        roots: roots.map { Array($0.utf8) },
        workerCount: 2,
        host: name,
        user: "tester",
        program: "test",
        time: time
      ),
      progress: BackupProgress(),
      interruption: interruption
    ).run()
  }

  @discardableResult
  func restore(
    _ repository: OpenRepository,
    _ snapshot: String,
    to target: String,
    _ change: (inout RestorePlan) -> Void = { _ in },
    journal: RestoreProgress.Journal? = nil
  ) throws
    -> RestoreProgress
  {
    try restore(
      repository,
      try repository.snapshot(try repository.findSnapshot(snapshot)),
      to: target,
      change,
      journal: journal
    )
  }

  @discardableResult
  func restore(
    _ repository: OpenRepository,
    _ snapshot: Snapshot,
    to target: String,
    _ change: (inout RestorePlan) -> Void = { _ in },
    journal: RestoreProgress.Journal? = nil
  ) throws
    -> RestoreProgress
  {
    let progress = RestoreProgress(journal: journal)
    var plan = RestorePlan(
      snapshot: snapshot,
      target: Array(target.utf8),
      workerCount: 2,
      owners: OwnerRule(
        wish: .snapshot(OwnerMap()),
        userID: ProcessEnvironment.userID,
        groupID: ProcessEnvironment.groupID
      )
    )
    change(&plan)
    try RestorePipeline(repository: repository, plan: plan, progress: progress) { false }.run()
    return progress
  }

  func check(_ repository: OpenRepository, readsData: Bool = true) throws -> CheckReport {
    try CheckPipeline(
      repository: repository,
      reading: readsData ? .everything : .heads,
      workerCount: 2,
      progress: { _, _, _ in }
    ) { false }.run()
  }
}

/// Every file below a folder with its content.
func contents(of folder: String) throws -> [String: [UInt8]] {
  var found: [String: [UInt8]] = [:]
  for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
    let path = folder + "/" + name
    let kind = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    found[name] =
      kind == .typeRegular ? [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) : []
  }
  return found
}
