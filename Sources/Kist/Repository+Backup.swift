import Backups
import Commands
import CoreTypes
import Files
import Patterns
import Repositories
import Scanning
import Storage
import Threading

/// How a backup is made.
public struct BackupOptions: Sendable {
  /// Patterns of what is left out, as `kist backup --exclude` takes them.
  public var excludes: [String] = []
  /// Folders that a CACHEDIR.TAG marks as caches are left out.
  public var excludesCaches = false
  /// Other file systems below the paths are left out.
  public var staysOnFileSystem = false
  /// Tags of the snapshot.
  public var tags: [String] = []
  /// Threads that read and compress, at least 1; `nil` is one a core.
  public var workerCount: Int?
  /// Asked now and then, from any thread; true stops the backup within a second.
  public var isStopped: @Sendable () -> Bool = { false }

  /// Everything below the paths.
  public init() {}
}

/// What a backup did.
public struct BackupReport: Sendable {
  /// Id of the snapshot, which is on the disk.
  public let snapshotID: String
  /// Files that the snapshot before lacks.
  public let newFileCount: Int
  /// Files that are not as in the snapshot before.
  public let changedFileCount: Int
  /// Files that were not read, because they are as they were.
  public let unmodifiedFileCount: Int
  /// Bytes that were read.
  public let readByteCount: Int
  /// Bytes that the repository grew by.
  public let storedByteCount: Int
  /// What could not be read, or changed while it was: one text each, at most 10,000.
  public let problems: [String]
  /// That the state folder did not take what was seen of the repository: a rollback to before would not be noticed.
  ///
  /// `nil` if it did; the snapshot is saved either way.
  public let warning: String?
}

extension Repository {
  /// Backs up folders and files, and returns when the snapshot is on the disk.
  ///
  /// Paths that are not absolute are below the working folder. What cannot be read is named in the report; the snapshot of the
  /// rest is kept.
  public func backUp(
    _ paths: [String],
    options: BackupOptions = BackupOptions()
  ) throws(KistError) -> BackupReport {
    try KistError.explaining {
      guard !paths.isEmpty, !paths.contains("") else {
        throw KistError(.usage, "no folder was named", meaning: "Nothing was backed up.")
      }
      guard !options.isStopped() else { throw BackupError.interrupted }
      let folders = try client.folders()
      let identity = open.configuration.repositoryID
      try open.refresh()
      let changed = try open.leaveOutChangedPacks().map { Wording.text(CheckFinding.pack($0)) }
      let enrolment = WriterEnrolment(
        repository: open,
        memory: try ClientMemory(stateFolder: folders.state, repository: identity)
      )
      try enrolment.refuseRollback()
      let here = try ProcessEnvironment.workingFolder()
      var plan = BackupPlan(
        roots: BackupRoots(paths.map { RootPath.cleaned(Array($0.utf8), workingFolder: here) }),
        workerCount: max(1, options.workerCount ?? usableProcessorCount()),
        host: client.host,
        user: client.user,
        program: client.program,
        tags: options.tags,
        time: Surroundings.now
      )
      plan.rules = try rules(options)
      plan.rules.cacheInUse = folders.cacheInUse
      plan.rules.repositoryInUse = (open.store as? DirectoryStore).flatMap {
        FolderIdentity(path: $0.location)
      }
      let summary = try BackupPipeline(
        repository: open,
        signer: try enrolment.signer(
          label: "\(client.user)@\(client.host)",
          host: client.host,
          time: plan.time
        ),
        cache: try ScanCache(path: folders.scanCache(of: identity), repository: identity),
        plan: plan,
        progress: BackupProgress(),
        interruption: options.isStopped
      ).run()
      do throws(FilesError) {
        try enrolment.remember()
      } catch {
        return BackupReport(
          summary,
          changed: changed,
          warning: Wording.notRemembered(error, in: folders.state)
        )
      }
      return BackupReport(summary, changed: changed, warning: nil)
    }
  }

  private func rules(_ options: BackupOptions) throws -> SourceRules {
    var rules = SourceRules()
    var patterns: [PathPattern] = []
    for text in options.excludes where !text.isEmpty {
      do {
        patterns.append(try PathPattern(Array(text.utf8)))
      } catch {
        throw Wording.failure(from: error, in: "excludes")
      }
    }
    rules.excludes = PatternList(patterns)
    if options.excludesCaches { rules.markers = [.cache] }
    rules.mounts = options.staysOnFileSystem ? .one : .all
    return rules
  }
}

extension BackupReport {
  init(_ summary: BackupSummary, changed: [String], warning: String?) {
    snapshotID = "\(summary.snapshot)"
    newFileCount = summary.progress.filesNew
    changedFileCount = summary.progress.filesChanged
    unmodifiedFileCount = summary.progress.filesUnmodified
    readByteCount = summary.progress.bytesRead
    storedByteCount = summary.progress.bytesStored
    self.warning = warning
    problems = changed + summary.findings.filter(\.isLoss).map { Wording.text($0) }
  }
}
