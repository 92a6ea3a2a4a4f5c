import Threading
import CoreTypes
import Files
import Repositories
import Restoring
import Trees

/// Hands out what files need: content to be fetched, or what is there to be compared.
struct ContentPlanner {
  private let context: RestoreContext
  private let source: ChunkSource
  private let reader: TreeReader<RepositoryError>
  private var batch: [ComparedStretch] = []
  private var batchByteCount: UInt64 = 0
  private var batchItemCount = 0

  /// Content that one worker compares at once: 4 MiB, or so many chunks or files.
  private static let batchByteLimit: UInt64 = 4 << 20
  private static let batchItemLimit = 256

  init(context: RestoreContext, source: ChunkSource, reader: TreeReader<RepositoryError>) {
    self.context = context
    self.source = source
    self.reader = reader
  }

  /// Hands out all that a file needs; what is compared may be handed out later.
  mutating func restore(
    _ walked: WalkedEntry,
    over status: FileStatus?,
    _ decision: ExistingDecision?,
    in folder: RestoredFolder,
    nameCount: Int
  ) -> RestoredFile {
    folder.retain()
    let entry = walked.entry
    let path = folder.path(of: entry.name)
    context.progress.working(on: path)
    let file = RestoredFile(
      folder: folder,
      entry: entry,
      attributes: attributes(of: entry, path: path),
      holes: holes(of: entry),
      origin: origin(entry, status, decision),
      ordinal: walked.ordinal,
      nameCount: nameCount,
      tally: context.progress.unfinished
    )
    do {
      switch decision {
      case .trustContent where file.existing?.linkCount == 1:
        context.progress.add(entry.size, to: \.bytesSkipped)
      case .compareContent, .trustContent: try compare(file)
      case .keep, .replace, .replaceFolder, nil: try fetch(file)
      }
    } catch {
      context.finisher.failed(file, error)
    }
    context.finisher.finishPiece(of: file)
    if context.jobs.isWindowFull { context.jobs.flush() }
    return file
  }

  /// Hands out the rest of what is to be compared.
  mutating func flush() {
    guard !batch.isEmpty else { return }
    context.jobs.push(.compare(batch))
    batch = []
    batchByteCount = 0
    batchItemCount = 0
  }

  private func origin(
    _ entry: TreeEntry,
    _ status: FileStatus?,
    _ decision: ExistingDecision?
  ) -> RestoredFile.Origin {
    guard let status, let decision else { return .new }
    switch decision {
    case .keep, .replace, .replaceFolder: return .replacing
    case .trustContent, .compareContent:
      // What an earlier restore left unfinished is nobody's work: it is gone on with where it is.
      let isUnfinished = UnfinishedMark.isOn(status, for: entry)
      if context.finisher.writer.isForeign(entry, status) { return .patchedCopy(status) }
      switch context.plan.patching {
      case .inPlace: return .patchedInPlace(status)
      case .copy: return isUnfinished ? .patchedInPlace(status) : .patchedCopy(status)
      }
    }
  }

  // MARK: Fetching

  private mutating func fetch(_ file: RestoredFile) throws {
    if context.isDryRun {
      return context.progress.add(file.entry.size, to: \.bytes)
    }
    switch file.entry.content {
    case .empty: break
    case .inline(let bytes):
      try file.open().write(bytes.span, at: 0)
      context.progress.add(UInt64(bytes.count), to: \.bytes)
    case .list, .paged:
      var offset: UInt64 = 0
      var items = reader.items(of: file.entry)
      while let reference = try items.next() {
        try source.fetch(reference, at: offset, for: file, context.jobs)
        offset += UInt64(reference.length) * reference.repeats
        if context.jobs.isWindowFull { context.jobs.flush() }
      }
    }
  }

  // MARK: Comparing

  private mutating func compare(_ file: RestoredFile) throws {
    var stretch: [(offset: UInt64, reference: ChunkReference)] = []
    var offset: UInt64 = 0
    var items = reader.items(of: file.entry)
    while let reference = try items.next() {
      stretch.append((offset: offset, reference: reference))
      let byteCount = UInt64(reference.length) * reference.repeats
      offset += byteCount
      // A run of zeros is looked at as a whole: it is short work, or a hole.
      batchByteCount += UInt64(reference.length)
      batchItemCount += 1
      if isBatchFull {
        append(ComparedStretch(file: file, items: stretch))
        stretch = []
        flush()
        if context.jobs.isWindowFull { context.jobs.flush() }
        if context.interruption() || context.failure.isSet {
          // Never finished, so that nobody takes it for whole.
          _ = file.fail()
          return
        }
      }
    }
    if !stretch.isEmpty || offset == 0 {
      append(ComparedStretch(file: file, items: stretch))
      batchItemCount += 1
      if isBatchFull { flush() }
    }
  }

  private var isBatchFull: Bool {
    batchByteCount >= ContentPlanner.batchByteLimit
      || batchItemCount >= ContentPlanner.batchItemLimit
  }

  private mutating func append(_ stretch: ComparedStretch) {
    stretch.file.expectPiece()
    batch.append(stretch)
  }

  // MARK: Nodes beside the content

  private func attributes(of entry: TreeEntry, path: [UInt8]) -> [EntryAttribute] {
    do {
      return try reader.attributes(of: entry)
    } catch {
      context.progress.note(RestoreFinding(path: path, reason: .damagedContent(error)))
      return []
    }
  }

  private func holes(of entry: TreeEntry) -> [HoleExtent] {
    do {
      return try reader.holes(of: entry)
    } catch {
      // Holes only save space: without their map everything is written.
      return []
    }
  }
}
