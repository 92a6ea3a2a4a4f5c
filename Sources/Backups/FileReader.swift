import Chunking
import CoreTypes
import Files
import Repositories
import Scanning
import Threading
import Trees

/// Reads files on one worker thread: cuts, names and stores their content, and fills their places.
///
/// Not shared between threads.
@safe
final class FileReader {
  private let context: BackupContext
  private let group: GroupWriter
  private let finisher: FolderFinisher
  private let scratch: UnsafeMutableRawBufferPointer
  private var cuts: [Int] = []

  init(context: BackupContext, group: GroupWriter) {
    self.context = context
    self.group = group
    finisher = FolderFinisher(context: context, group: group)
    unsafe scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(
        ReadingSizes.largeFile,
        ReadingSizes.block + context.chunker.parameters.maximum
      ) + 1,
      alignment: 4096
    )
  }

  deinit { unsafe scratch.deallocate() }

  /// Does one piece of work.
  func run(_ work: FileWork) throws(BackupError) {
    switch work {
    case .batch(let tasks):
      for task in tasks {
        guard !context.failure.isSet else { return }
        try read(task)
      }
    case .block(let file): try readBlock(of: file)
    }
  }

  private func read(_ task: FileTask) throws(BackupError) {
    let file: OpenFile
    let status: FileStatus
    do {
      file = try task.handle.openForReading(task.name)
      status = try file.status()
    } catch {
      return try drop(task, error)
    }
    guard status.kind == .regular else {
      context.progress.note(SourceFinding(path: task.path, reason: .replaced))
      return try finisher.fill(task.folder, task.slot, .dropped)
    }
    if status.size > UInt64(ReadingSizes.largeFile) {
      context.progress.working(on: task.path)
      return context.push(LargeFile(task: task, file: file, status: status))
    }
    do {
      // One byte more than it should hold: a file that grew is noticed without another call.
      let wanted = unsafe UnsafeMutableRawBufferPointer(
        rebasing: scratch[..<(min(Int(status.size) + 1, scratch.count))]
      )
      let count = unsafe try file.read(into: wanted)
      context.progress.add { $0.bytesRead += count }
      let content = unsafe try store(
        unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(wanted)[..<count])
      )
      try finish(task, file: file, opened: status, content: content, byteCount: UInt64(count))
    } catch let error as FilesError {
      try drop(task, error)
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError(error)
    }
  }

  /// The content of a file that was read whole.
  private func store(_ bytes: UnsafeRawBufferPointer) throws(BackupError) -> FileContent {
    if unsafe bytes.isEmpty { return .empty }
    if bytes.count <= ReadingSizes.inline { return unsafe .inline(Array(bytes)) }
    cuts.removeAll(keepingCapacity: true)
    _ = unsafe context.chunker.cuts(
      of: bytes.assumingMemoryBound(to: UInt8.self),
      ending: .atEnd,
      appendingTo: &cuts
    )
    var list = ListBuilder()
    var start = 0
    for length in cuts {
      let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
      let id = unsafe try group.addData(part)
      do {
        try list.append(ChunkReference(id: id, length: UInt32(length))) {
          node throws(BackupError) in try group.addNode(node)
        }
      } catch {
        throw error.backupError
      }
      start += length
    }
    return try list.finish { node throws(BackupError) in try group.addNode(node) }
  }

  // MARK: Large files

  private func readBlock(of large: LargeFile) throws(BackupError) {
    let (offset, block) = large.position
    do {
      if let hole = try holeReferences(of: large, at: offset) {
        large.advance(by: hole.byteCount, isLast: false)
        context.push(large)
        return try join(large, block, [hole.reference])
      }
      let wanted = ReadingSizes.block + context.chunker.parameters.maximum
      let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<wanted])
      let count = unsafe try large.file.read(at: Int64(offset), into: buffer)
      let isLast = count < wanted
      let bytes = unsafe UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(buffer)[..<count]
      )
      cuts.removeAll(keepingCapacity: true)
      let used = unsafe context.chunker.cuts(
        of: bytes.assumingMemoryBound(to: UInt8.self),
        ending: isLast ? .atEnd : .open,
        appendingTo: &cuts
      )
      context.progress.add { $0.bytesRead += used }
      large.advance(by: UInt64(used), isLast: isLast)
      if !isLast { context.push(large) }
      var references: [ChunkReference] = []
      references.reserveCapacity(cuts.count)
      var start = 0
      for length in cuts {
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
        references.append(
          ChunkReference(
            id: unsafe try group.addData(part),
            length: UInt32(length),
            repeats: 1
          )
        )
        start += length
      }
      try join(large, block, references)
    } catch let error as FilesError {
      // The read failed in the middle: the file is not in the snapshot, and no other block is on its way.
      try drop(large.task, error)
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError(error)
    }
  }

  /// A run of whole zero chunks where the file has a hole: nothing is read.
  ///
  /// Source: Formats/chunk.md §1.
  private func holeReferences(
    of large: LargeFile,
    at offset: UInt64
  ) throws -> (
    reference: ChunkReference, byteCount: UInt64
  )? {
    let maximum = UInt64(context.chunker.parameters.maximum)
    guard large.statusAtOpen.mayHaveHoles, large.statusAtOpen.size > offset else { return nil }
    let data =
      try large.file.nextData(from: Int64(offset)).map(UInt64.init) ?? large.statusAtOpen.size
    guard data > offset, data - offset > maximum else { return nil }
    let count = (min(data, large.statusAtOpen.size) - offset) / maximum
    guard count > 0 else { return nil }
    if let base = unsafe scratch.baseAddress {
      unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(maximum))
    }
    let zeros = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<Int(maximum)])
    let id = unsafe try group.addData(zeros)
    return (
      ChunkReference(id: id, length: UInt32(maximum), repeats: count), count * maximum
    )
  }

  private func join(
    _ large: LargeFile,
    _ block: Int,
    _ references: [ChunkReference]
  )
    throws(BackupError)
  {
    let whole = try large.join(block: block, references) { node throws(BackupError) in
      try group.addNode(node)
    }
    guard let whole else { return }
    do {
      try finish(
        large.task,
        file: large.file,
        opened: large.statusAtOpen,
        content: whole.content,
        byteCount: whole.byteCount
      )
    } catch let error as FilesError {
      try drop(large.task, error)
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError(error)
    }
  }

  // MARK: Finishing

  private func finish(
    _ task: FileTask,
    file: OpenFile,
    opened: FileStatus,
    content: FileContent,
    byteCount: UInt64
  ) throws {
    let after = try file.status()
    guard var entry = EntryReader.entry(name: task.name, status: opened) else { return }
    entry.content = content
    entry.size = byteCount
    entry.changedWhileRead =
      EntryReader.identity(after) != EntryReader.identity(opened) || byteCount != opened.size
    if entry.changedWhileRead {
      context.progress.note(SourceFinding(path: task.path, reason: .torn))
    }
    try finisher.readAttributes(of: file, into: &entry, path: task.path)
    if opened.mayHaveHoles {
      let holes = try HoleReader.holes(of: file, size: byteCount)
      if !holes.isEmpty { entry.holes = try group.addNode(TreeNode.holes(holes).encoded()) }
    }
    guard let encoded = finisher.encode(entry, path: task.path) else {
      return try finisher.fill(task.folder, task.slot, .dropped)
    }
    let identity = EntryReader.identity(opened)
    let row =
      !entry.changedWhileRead && identity.isSettled(before: context.started)
      ? CachedEntry(name: task.name, identity: identity, encoded: encoded) : nil
    context.progress.add { counters in
      counters.filesNew += 1
      counters.bytesSeen += Int(clamping: byteCount)
    }
    try finisher.fill(
      task.folder,
      task.slot,
      .done(name: task.name, encoded: encoded, totals: entry.totals, row: row)
    )
  }

  private func drop(_ task: FileTask, _ error: FilesError) throws(BackupError) {
    context.progress.note(
      SourceFinding(
        path: task.path,
        reason: error.isNotFound
          ? .vanished : .unreadable(operation: error.operationName, errno: error.errno)
      )
    )
    try finisher.fill(task.folder, task.slot, .dropped)
  }
}
