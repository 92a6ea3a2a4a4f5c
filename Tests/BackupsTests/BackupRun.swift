import Backups
import CoreTypes
import Files
import Foundation
import Patterns
import Repositories
import Scanning
import Sealing
import Synchronization
import Trees

/// One run of a backup, with whatever a test wants to be different.
struct BackupRun {
  let client: Client
  let repository: OpenRepository
  var roots: BackupRoots
  /// Findings, and states by path below the workshop, as they came.
  let seen = Seen()
  var workerCount = 2
  var adjust: (inout BackupPlan) -> Void = { _ in }
  /// Called with each file and folder, from any thread.
  var observe: @Sendable (EntryState, String) -> Void = { _, _ in }

  init(_ client: Client, _ repository: OpenRepository, _ names: String...) {
    self.client = client
    self.repository = repository
    roots = BackupRoots(names.map { Array((client.workshop.path + "/" + $0).utf8) })
  }

  final class Seen: Sendable {
    private let states = Mutex<[String: EntryState]>([:])
    private let findings = Mutex<[SourceFinding]>([])
    private let progress = Mutex<BackupProgress?>(nil)

    func note(_ state: EntryState, _ path: String) { states.withLock { $0[path] = state } }

    func note(_ finding: SourceFinding) { findings.withLock { $0.append(finding) } }

    /// Names of what is in a state, sorted.
    func names(_ state: EntryState) -> [String] {
      states.withLock { $0.filter { $0.value == state }.map(\.key).sorted() }
    }

    func watch(_ running: BackupProgress) { progress.withLock { $0 = running } }

    /// The figures of the run that goes on, or was the last.
    var counters: BackupCounters { progress.withLock { $0?.counters ?? BackupCounters() } }

    var found: [SourceFinding] { findings.withLock { $0 } }
  }

  func run() throws -> BackupSummary { try pipeline(effect: .snapshot).run() }

  func rehearse() throws -> BackupRehearsal { try pipeline(effect: .rehearsal).rehearse() }

  private func pipeline(effect: BackupEffect) throws -> BackupPipeline {
    let now = SystemClock.now()
    let time = PointInTime(seconds: now.seconds, nanoseconds: now.nanoseconds)
    let identity = repository.configuration.repositoryID
    let memory = try ClientMemory(stateFolder: client.folders.state, repository: identity)
    let signer = try WriterEnrolment(repository: repository, memory: memory)
      .signer(label: client.name, host: client.name, time: time)
    let cachePath = client.folders.scanCache(of: identity)
    var plan = BackupPlan(
      roots: roots,
      workerCount: workerCount,
      host: client.name,
      user: "tester",
      program: "test",
      time: time
    )
    plan.effect = effect
    adjust(&plan)
    let (seen, observe, prefix) = (seen, observe, client.workshop.path.utf8.count + 1)
    let progress = BackupProgress { finding in
      seen.note(finding)
    } observe: { state, path in
      let name = String(decoding: path.dropFirst(prefix), as: UTF8.self)
      seen.note(state, name)
      observe(state, name)
    }
    seen.watch(progress)
    return BackupPipeline(
      repository: repository,
      signer: signer,
      cache: try ScanCache(path: cachePath, repository: identity),
      plan: plan,
      progress: progress
    ) { false }
  }
}

extension Client {
  /// Paths of everything in a snapshot, below the workshop where they are in it.
  func paths(_ repository: OpenRepository, _ snapshot: RecordID) throws -> [String] {
    let record = try repository.findSnapshot("\(snapshot)")
    let source = try ChunkSource(repository: repository)
    let reader = TreeReader { id throws(RepositoryError) in try source.bytes(of: id, kind: .tree) }
    var found: [String] = []
    func visit(_ entry: TreeEntry, at path: String) throws {
      let isInside = path.hasPrefix(workshop.path + "/")
      found.append(isInside ? String(path.dropFirst(workshop.path.utf8.count + 1)) : path)
      guard let directory = entry.directory else { return }
      var entries = reader.entries(of: directory, promising: entry.subtree)
      while let below = try entries.next() {
        let name = String(decoding: below.name, as: UTF8.self)
        try visit(below, at: path == "/" ? "/" + name : path + "/" + name)
      }
    }
    for root in try repository.snapshot(record).roots {
      try visit(root.entry, at: String(decoding: root.path, as: UTF8.self))
    }
    return found
  }
}

extension Workshop {
  /// Sets times of a file, or of everything below a folder, back by an hour: it counts as settled then.
  func settle(_ name: String) throws {
    let top = path + "/" + name
    let before = Date(timeIntervalSinceNow: -3600)
    let below = try? FileManager.default.subpathsOfDirectory(atPath: top)
    for file in [""] + (below ?? []) {
      try FileManager.default.setAttributes(
        [.modificationDate: before],
        ofItemAtPath: file.isEmpty ? top : top + "/" + file
      )
    }
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path + "/" + name)
  }
}

extension SourceRules {
  /// Rules of patterns alone.
  static func excluding(_ patterns: String...) throws -> SourceRules {
    var rules = SourceRules()
    rules.excludes = PatternList(try patterns.map { try PathPattern(Array($0.utf8)) })
    return rules
  }
}
