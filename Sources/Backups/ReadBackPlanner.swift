import Threading
import Files
import Repositories
import Restoring
import Trees

/// Walks a snapshot again after a restore, and hands out the files that were restored to be read back.
///
/// Runs on the calling thread.
struct ReadBackPlanner: RestoreVisitor {
  private let context: RestoreContext
  private let reader: TreeReader<RepositoryError>
  private let target: DirectoryHandle
  private let finished: OrdinalSet
  private var levels: [Level] = []
  private var batch: [ReadBackStretch] = []
  private var batchByteCount: UInt64 = 0

  private struct Level {
    /// `nil`: not there, because nothing in it was restored.
    let folder: DirectoryHandle?
    let path: [UInt8]
  }

  /// Content that one worker reads at once: 4 MiB, or so many files or chunks.
  private static let batchByteLimit: UInt64 = 4 << 20
  private static let batchItemLimit = 256

  init(
    context: RestoreContext,
    reader: TreeReader<RepositoryError>,
    target: DirectoryHandle,
    finished: OrdinalSet
  ) {
    self.context = context
    self.reader = reader
    self.target = target
    self.finished = finished
  }

  /// Reads back what was restored from a start.
  mutating func readBack(_ start: RestoreStart, ordinal: inout UInt64) throws(BackupError) {
    let (context, reader) = (context, reader)
    var level = Level(folder: target, path: [])
    for name in start.parents { level = below(level, name) }
    levels = [level]
    let walk = RestoreWalk(reader: reader, filter: context.plan.filter) { () throws(BackupError) in
      try context.isStopped()
    }
    try walk.run(start, ordinal: &ordinal, &self)
    flush()
  }

  mutating func enterTarget(
    _ start: RestoreStart,
    _ selection: RestoreFilter.Selection
  ) throws(BackupError) {
    levels.append(Level(folder: target, path: []))
  }

  mutating func enter(_ folder: WalkedEntry) throws(BackupError) -> Bool {
    guard let last = levels.last else { return false }
    let level = below(last, folder.entry.name)
    guard level.folder != nil else { return false }
    levels.append(level)
    return true
  }

  mutating func leave(isWhole: Bool) throws(BackupError) { _ = levels.popLast() }

  /// What cannot be read has been noted when it was to be restored.
  mutating func lost(_ error: TreeReadError<RepositoryError>) {}

  mutating func visit(_ walked: WalkedEntry) throws(BackupError) {
    let entry = walked.entry
    guard entry.kind == .file, finished.contains(walked.ordinal), let level = levels.last,
      let folder = level.folder
    else { return }
    let path = path(entry.name, in: level)
    context.progress.working(on: path)
    let file = ReadBackFile(folder: folder, entry: entry, path: path)
    do {
      try handOut(file)
    } catch {
      if file.fail() {
        context.progress.note(RestoreFinding(path: path, reason: .damagedContent(error)))
      }
    }
    if file.finishStretch() { context.progress.add { $0.filesReadBack += 1 } }
  }

  private mutating func handOut(_ file: ReadBackFile) throws {
    var items: [(offset: UInt64, reference: ChunkReference)] = []
    var offset: UInt64 = 0
    var cursor = reader.items(of: file.entry)
    while let reference = try cursor.next() {
      items.append((offset: offset, reference: reference))
      offset += UInt64(reference.length) * reference.repeats
      batchByteCount += UInt64(reference.length)
      if batchByteCount >= ReadBackPlanner.batchByteLimit
        || items.count >= ReadBackPlanner.batchItemLimit
      {
        append(ReadBackStretch(file: file, items: items))
        items = []
        flush()
        if context.interruption() || context.failure.isSet { return }
      }
    }
    append(ReadBackStretch(file: file, items: items))
    if batch.count >= ReadBackPlanner.batchItemLimit { flush() }
  }

  private mutating func append(_ stretch: ReadBackStretch) {
    stretch.file.expectStretch()
    batch.append(stretch)
  }

  private mutating func flush() {
    guard !batch.isEmpty else { return }
    context.jobs.push(.readBack(batch))
    batch = []
    batchByteCount = 0
  }

  private func below(_ level: Level, _ name: [UInt8]) -> Level {
    var folder: DirectoryHandle?
    do {
      folder = try level.folder?.openSubdirectory(name)
    } catch {
      // Ignored: what should be in it was not restored, and that has been noted.
    }
    return Level(folder: folder, path: path(name, in: level))
  }

  private func path(_ name: [UInt8], in level: Level) -> [UInt8] {
    level.path.isEmpty ? name : level.path + [UInt8(ascii: "/")] + name
  }
}
