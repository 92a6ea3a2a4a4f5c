import Storage
import Chunking
import CoreTypes
import Files
import Indexing
package import Repositories
package import Scanning
import Sealing
package import Sodium
import Threading
import Trees

/// Runs one backup: a walker, workers, two packers; then the commit.
///
/// Source: Docs/ARCHITECTURE.md.
package struct BackupPipeline: Sendable {
  private let repository: OpenRepository
  private let signer: SigningKey
  private let cache: ScanCache
  private let plan: BackupPlan
  private let progress: BackupProgress
  private let interruption: @Sendable () -> Bool

  /// How long a backup that ends early waits for an answer of the source's file system.
  private static let patienceMilliseconds = 700

  /// `interruption` is asked now and then, from any thread; true stops the run cleanly.
  package init(
    repository: OpenRepository,
    signer: SigningKey,
    cache: ScanCache,
    plan: BackupPlan,
    progress: BackupProgress,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.repository = repository
    self.signer = signer
    self.cache = cache
    self.plan = plan
    self.progress = progress
    self.interruption = interruption
  }

  /// Backs up, and returns when the snapshot is durable.
  package func run() throws(BackupError) -> BackupSummary {
    precondition(plan.effect == .snapshot)
    try wrap { () throws(RepositoryError) in
      let salvaged = try OrphanSalvage(repository: repository).run()
      if salvaged.packs > 0 { progress.salvaged(salvaged) }
      _ = try repository.rescue(repository.unlistedPacks)
    }
    let finished = try store()
    guard !finished.roots.found.isEmpty else { throw .nothingToBackUp }
    return try commit(finished)
  }

  /// Does all that a backup does, but writes nothing to the store.
  ///
  /// Keeps the names of chunks that would be new in memory.
  package func rehearse() throws(BackupError) -> BackupRehearsal {
    precondition(plan.effect == .rehearsal)
    let finished = try store()
    guard !finished.roots.found.isEmpty else { throw .nothingToBackUp }
    let findings = progress.findings
    return BackupRehearsal(
      progress: progress.counters,
      findings: findings.kept,
      omittedFindingCount: findings.omitted
    )
  }

  /// A backup of which everything is durable but the record.
  private struct Finished {
    let session: WriteSession
    let context: BackupContext
    let roots: RootCollection
  }

  private func store() throws(BackupError) -> Finished {
    let session = try wrap { () throws(RepositoryError) in
      try WriteSession(repository: repository, signer: signer)
    }
    let failure = FirstFailure<BackupError>()
    let context = try wrap { () throws(RepositoryError) in
      try makeContext(session: session, failure: failure)
    }
    let packs = try PackPipeline(
      session: session,
      store: repository.store,
      plan: plan,
      progress: progress,
      failure: failure
    )
    let roots = RootCollection(plan.roots.roots)
    // Until the last pack is written: that may take longest, where writing is held back.
    var stop: BackupError?
    let watch = InterruptionWatch(context: context, interruption: interruption)
    do {
      let watching = try startThread { watch.run() }
      defer {
        watch.stop()
        watching.join()
      }
      do throws(BackupError) {
        try runThreads(context: context, packs: packs, roots: roots)
      } catch {
        context.fail(error)
        if case .interruptedWaiting = error { stop = error }
      }
      packs.finish()
    } catch {
      context.fail(error)
      packs.finish()
    }
    if let error = stop ?? failure.value { throw error }
    // What was done sooner than anybody asked has no snapshot yet.
    if interruption() { throw .interrupted }
    return Finished(session: session, context: context, roots: roots)
  }

  private func makeContext(
    session: WriteSession,
    failure: FirstFailure<BackupError>
  )
    throws(RepositoryError) -> BackupContext
  {
    let log = repository.log
    do {
      // Known damage: nothing is believed to be there because an earlier snapshot had it.
      let isSound =
        try repository.index.damagedObjects().allSatisfy(log.condemnedObjects.contains)
        && repository.openFindings.isEmpty
      let live = isSound ? Set(log.snapshots.map(\.id)) : []
      guard
        let table = GearTable(
          keyStream: repository.keyring.currentIdentityKey.gearKeyStream()
        )
      else { throw RepositoryError.unexpected("gear table") }
      return BackupContext(
        plan: plan,
        base: try ParentSearch.parent(of: plan, in: log, repository: repository),
        repository: repository,
        session: session,
        cache: cache,
        cacheSession: try cache.beginSession(),
        liveSessions: try cache.liveSessions(in: repository.store.id) { live.contains($0) },
        chunker: Chunker(parameters: repository.configuration.chunking, table: table),
        progress: progress,
        failure: failure
      )
    } catch {
      throw RepositoryError(error)
    }
  }

  private func startThread(
    _ body: @escaping @Sendable () -> Void
  ) throws(BackupError)
    -> WorkerThread
  {
    do {
      return try WorkerThread.start(body)
    } catch {
      throw .threads(errno: error.errno)
    }
  }

  private func runThreads(
    context: BackupContext,
    packs: PackPipeline,
    roots: RootCollection
  ) throws(BackupError) {
    let makeGroup: GroupFactory = { [repository, plan, progress] () throws(BackupError) in
      try GroupWriter(
        repository: repository,
        session: context.session,
        packs: packs,
        compression: plan.compression,
        progress: progress
      )
    }
    let threads = ThreadGroup()
    let scout = FolderScout()
    do {
      for _ in 0..<plan.workerCount {
        try threads.start { BackupWorker.run(context: context, makeGroup: makeGroup) }
      }
      // The walk itself keeps one core busy.
      for _ in 0..<max(1, plan.workerCount - 1) {
        let call = context.calls.place()
        try threads.start { scout.run(call) }
      }
      try threads.start {
        BackupWorker.walk(context: context, roots: roots, scout: scout, makeGroup: makeGroup)
        scout.finish()
      }
    } catch {
      context.fail(.threads(errno: error.errno))
      scout.finish()
    }
    // A thread in a call that does not return is left behind: nothing can end it.
    let limit = BackupPipeline.patienceMilliseconds
    let haveEnded = threads.join(hopelessAfterMilliseconds: limit) {
      context.failure.isSet && context.calls.isAnyPending
    }
    if let error = context.failure.value {
      guard case .interrupted = error, !haveEnded, let path = context.calls.path else {
        throw error
      }
      throw .interruptedWaiting(path: path)
    }
    // Only now is it known which names of hard links could be read.
    let group = try makeGroup()
    context.setLinkNodes(
      try LinkNodes.store(roots.placed(context.links.groups)) { node throws(BackupError) in
        try group.addNode(node)
      }
    )
    try group.finish()
  }

  private func commit(_ finished: Finished) throws(BackupError) -> BackupSummary {
    let (session, context) = (finished.session, finished.context)
    let found = finished.roots.found
    let names = context.owners.names
    let findings = progress.findings
    let (plan, progress) = (plan, progress)
    let record = try wrap { () throws(RepositoryError) in
      let time = plan.statedTime ?? plan.time
      return try session.commit(time: time) { log in
        var snapshot = Snapshot()
        // One that was removed meanwhile is nobody's parent.
        snapshot.parents = context.base.map { [$0.id].filter(log.isLive) } ?? []
        snapshot.roots = found
        snapshot.rules = plan.rules.recorded
        snapshot.users = names.users.map { SnapshotOwner(number: $0.id, name: $0.name) }
        snapshot.groups = names.groups.map { SnapshotOwner(number: $0.id, name: $0.name) }
        snapshot.hardLinks = context.linkNodes
        snapshot.totals = snapshot.sumOfRoots
        snapshot.author = SnapshotAuthor(
          time: EntryTime(seconds: time.seconds, nanoseconds: time.nanoseconds),
          host: plan.host,
          user: plan.user,
          program: plan.program,
          tags: plan.tags
        )
        snapshot.unreadable = UInt64(progress.counters.errors)
        return snapshot
      }
    }
    do {
      try cache.bind(context.cacheSession, to: record.id, in: repository.store.id)
    } catch {
      // Ignored: the snapshot is durable; without these rows the next backup reads its files once more.
    }
    return BackupSummary(
      snapshot: record.id,
      progress: progress.counters,
      findings: findings.kept,
      omittedFindingCount: findings.omitted
    )
  }

  private func wrap<Result>(
    _ body: () throws(RepositoryError) -> Result
  ) throws(BackupError)
    -> Result
  {
    do {
      return try body()
    } catch {
      throw .repository(error)
    }
  }
}

/// Makes a thread its own group writer.
private typealias GroupFactory = @Sendable () throws(BackupError) -> GroupWriter

/// What the threads of a backup run.
private enum BackupWorker {
  static func run(context: BackupContext, makeGroup: GroupFactory) {
    do {
      let group = try makeGroup()
      let reader = FileReader(context: context, group: group)
      while let work = context.next() {
        if !context.failure.isSet { try reader.run(work) }
        context.finished()
      }
      if !context.failure.isSet { try group.finish() }
    } catch {
      context.fail(error)
    }
  }

  static func walk(
    context: BackupContext,
    roots: RootCollection,
    scout: FolderScout,
    makeGroup: GroupFactory
  ) {
    do {
      let group = try makeGroup()
      if let stream = context.plan.stream {
        try StreamCutter(context: context, stream: stream, roots: roots).run()
      } else {
        try makeWalker(context, group, scout).walk(roots)
      }
      try group.finish()
      context.finished()
    } catch {
      context.fail(error)
    }
  }

  private static func makeWalker(
    _ context: BackupContext,
    _ group: GroupWriter,
    _ scout: FolderScout
  ) throws(BackupError) -> FolderWalker {
    do {
      return try FolderWalker(context: context, group: group, scout: scout)
    } catch {
      throw .repository(error)
    }
  }
}
