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
  private let call: PendingCall
  private let scratch: UnsafeMutableRawBufferPointer
  private var cuts: [Int] = []
  /// Small files that lie in the scratch, one behind the other: their chunks are named together.
  private var gathered: [GatheredFile] = []
  private var gatheredByteCount = 0

  init(context: BackupContext, group: GroupWriter) {
    self.context = context
    self.group = group
    finisher = FolderFinisher(context: context, group: group)
    call = context.calls.place()
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
      try storeGathered()
    case .block(let file):
      try readBlock(of: file)
      // One that became small meanwhile and was read again.
      if !gathered.isEmpty { try storeGathered() }
    case .piece(let piece): try piece.store(in: group)
    }
  }

  private func read(_ task: FileTask) throws(BackupError) {
    let file: OpenFile
    let status: FileStatus
    call.begin(task.name, in: task.folder)
    defer { call.end() }
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
    if let trusted = task.trusted, EntryReader.hasContent(of: trusted, status) {
      return try take(trusted, for: task, file: file, opened: status)
    }
    try read(task, file: file, opened: status, attempt: 1)
  }

  /// Reads a file that is open; one that changes meanwhile is read again.
  private func read(
    _ task: FileTask,
    file: OpenFile,
    opened first: FileStatus,
    attempt firstAttempt: Int
  ) throws(BackupError) {
    var (opened, attempt) = (first, firstAttempt)
    do {
      while true {
        if let later = try FileStamp.wait(for: file, opened, isOver: { context.failure.isSet }) {
          context.progress.add { $0.waits += 1 }
          opened = later
        }
        if opened.size > UInt64(ReadingSizes.largeFile) {
          context.progress.working(on: task.path)
          return context.push(
            LargeFile(task: task, file: file, status: opened, attempt: attempt)
          )
        }
        // One byte more than it should hold: a file that grew is noticed without another call.
        let wanted = Int(opened.size) + 1
        if unsafe gatheredByteCount + wanted > scratch.count {
          call.end()
          try storeGathered()
          call.begin(task.name, in: task.folder)
        }
        let place = unsafe gatheredByteCount..<min(gatheredByteCount + wanted, scratch.count)
        let count = try read(place, of: file, attempt: attempt)
        context.progress.add { $0.bytesRead += count }
        let after = try file.status()
        let reading = FileReading(opened: opened, after: after, byteCount: UInt64(count), attempt)
        guard reading.isToBeRepeated else {
          guard let read = try finishReading(task, file: file, reading) else { return }
          gathered.append(
            GatheredFile(file: read, range: gatheredByteCount..<gatheredByteCount + count)
          )
          gatheredByteCount += count
          return
        }
        context.progress.add { $0.rereads += 1 }
        attempt += 1
        opened = after
      }
    } catch let error as FilesError {
      try drop(task, error)
    } catch {
      throw BackupError(error)
    }
  }

  /// Reads the beginning of a file into a part of the scratch.
  private func read(
    _ place: Range<Int>,
    of file: OpenFile,
    attempt: Int
  ) throws(FilesError) -> Int {
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[place])
    // Only the first time does the file stand at its beginning.
    return unsafe try attempt == 1 ? file.read(into: buffer) : file.read(at: 0, into: buffer)
  }

  // MARK: Small files

  /// Cuts, names and stores what lies in the scratch, and fills the places of its files.
  private func storeGathered() throws(BackupError) {
    defer {
      gathered.removeAll(keepingCapacity: true)
      gatheredByteCount = 0
    }
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<gatheredByteCount])
    var ranges: [Range<Int>] = []
    var chunkCounts: [Int] = []
    chunkCounts.reserveCapacity(gathered.count)
    for file in gathered {
      let before = ranges.count
      if file.range.count > ReadingSizes.inline {
        unsafe cut(bytes, file.range, ending: .atEnd, appendingTo: &ranges)
      }
      chunkCounts.append(ranges.count - before)
    }
    let names = unsafe group.names(of: ranges, in: bytes)
    var next = 0
    for (file, count) in zip(gathered, chunkCounts) {
      let content = unsafe try store(file.range, chunks: next..<next + count, ranges, names, bytes)
      next += count
      try finish(file.file, content: content)
    }
  }

  /// The content of one gathered file, whose chunks are the given ones of all.
  private func store(
    _ range: Range<Int>,
    chunks: Range<Int>,
    _ ranges: [Range<Int>],
    _ names: [ChunkID],
    _ bytes: UnsafeRawBufferPointer
  ) throws(BackupError) -> FileContent {
    if range.isEmpty { return .empty }
    if chunks.isEmpty { return unsafe .inline(Array(bytes[range])) }
    var list = ListBuilder()
    for chunk in chunks {
      unsafe try group.addData(
        UnsafeRawBufferPointer(rebasing: bytes[ranges[chunk]]),
        id: names[chunk]
      )
      try list.add(ChunkReference(id: names[chunk], length: UInt32(ranges[chunk].count))) {
        node throws(BackupError) in try group.addNode(node)
      }
    }
    return try list.finish { node throws(BackupError) in try group.addNode(node) }
  }

  /// Cuts a part of a buffer into chunks.
  ///
  /// Returns where the last one ends.
  @discardableResult
  private func cut(
    _ bytes: UnsafeRawBufferPointer,
    _ part: Range<Int>,
    ending: Chunker.Ending,
    appendingTo ranges: inout [Range<Int>]
  ) -> Int {
    cuts.removeAll(keepingCapacity: true)
    _ = unsafe context.chunker.cuts(
      of: UnsafeRawBufferPointer(rebasing: bytes[part]).assumingMemoryBound(to: UInt8.self),
      ending: ending,
      appendingTo: &cuts
    )
    var start = part.lowerBound
    for length in cuts {
      ranges.append(start..<start + length)
      start += length
    }
    return start
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
      call.begin(large.task.name, in: large.task.folder)
      defer { call.end() }
      let count = unsafe try large.file.read(at: Int64(offset), into: buffer)
      call.end()
      let isLast = count < wanted
      let bytes = unsafe UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(buffer)[..<count]
      )
      var ranges: [Range<Int>] = []
      let used = unsafe cut(
        bytes,
        0..<count,
        ending: isLast ? .atEnd : .open,
        appendingTo: &ranges
      )
      context.progress.add { $0.bytesRead += used }
      large.advance(by: UInt64(used), isLast: isLast)
      if !isLast { context.push(large) }
      let references = unsafe try group.addData(ranges, in: bytes)
      try join(large, block, references)
    } catch let error as FilesError {
      // The read failed in the middle: the file is not in the snapshot, and no other block is on its way.
      try drop(large.task, error)
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
    guard let id = unsafe group.names(of: [0..<zeros.count], in: zeros).first else { return nil }
    unsafe try group.addData(zeros, id: id)
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
    call.begin(large.task.name, in: large.task.folder)
    defer { call.end() }
    do {
      let reading = FileReading(
        opened: large.statusAtOpen,
        after: try large.file.status(),
        byteCount: whole.byteCount,
        large.attempt
      )
      if reading.isToBeRepeated {
        context.progress.add { $0.rereads += 1 }
        // What was stored of it is only stored.
        return try read(
          large.task,
          file: large.file,
          opened: reading.after,
          attempt: large.attempt + 1
        )
      }
      let read = try finishReading(large.task, file: large.file, reading)
      call.end()
      if let read { try finish(read, content: whole.content) }
    } catch let error as FilesError {
      try drop(large.task, error)
    } catch {
      throw BackupError(error)
    }
  }

  // MARK: Finishing

  /// Saves a file with the content and holes of an earlier entry, and with everything else as it is.
  private func take(
    _ trusted: TreeEntry,
    for task: FileTask,
    file: OpenFile,
    opened: FileStatus
  ) throws(BackupError) {
    do {
      guard var entry = EntryReader.entry(name: task.name, status: opened) else {
        return try finisher.fill(task.folder, task.slot, .dropped)
      }
      entry.holes = trusted.holes
      try finisher.readAttributes(of: file, into: &entry, path: task.path)
      call.end()
      try finish(ReadFile(task: task, entry: entry, opened: opened), content: trusted.content)
    } catch {
      throw BackupError(error)
    }
  }

  /// All that an entry says but its content, taken while the file is open.
  ///
  /// `nil` when it is no file any more; its place is filled then.
  private func finishReading(
    _ task: FileTask,
    file: OpenFile,
    _ reading: FileReading
  ) throws -> ReadFile? {
    guard var entry = EntryReader.entry(name: task.name, status: reading.opened) else {
      try finisher.fill(task.folder, task.slot, .dropped)
      return nil
    }
    entry.size = reading.byteCount
    entry.changedWhileRead = reading.isTorn
    if reading.isTorn {
      let reason = SourceFinding.Reason.torn(times: reading.attempt)
      context.progress.note(SourceFinding(path: task.path, reason: reason))
    }
    try finisher.readAttributes(of: file, into: &entry, path: task.path)
    if reading.opened.mayHaveHoles {
      let holes = try HoleReader.holes(of: file, size: reading.byteCount)
      if !holes.isEmpty { entry.holes = try group.addNode(TreeNode.holes(holes).encoded()) }
    }
    return ReadFile(task: task, entry: entry, opened: reading.opened)
  }

  private func finish(_ file: ReadFile, content: FileContent) throws(BackupError) {
    let task = file.task
    var entry = file.entry
    entry.content = content
    guard let encoded = finisher.encode(entry, path: task.path) else {
      return try finisher.fill(task.folder, task.slot, .dropped)
    }
    let identity = EntryReader.identity(file.opened)
    let row =
      !entry.changedWhileRead && identity.isSettled(before: context.started)
      ? CachedEntry(name: task.name, identity: identity, encoded: encoded) : nil
    let byteCount = entry.size
    context.progress.countFile(EntryState(encoded, saved: task.saved), byteCount: byteCount) {
      task.path
    }
    context.noteLink(file.opened, task.folder, task.name)
    try finisher.fill(
      task.folder,
      task.slot,
      .done(name: task.name, encoded: encoded, totals: entry.totals, row: row)
    )
  }

  private func drop(_ task: FileTask, _ error: FilesError) throws(BackupError) {
    call.end()
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

/// A file that was read: its entry lacks the content only.
private struct ReadFile {
  let task: FileTask
  let entry: TreeEntry
  let opened: FileStatus
}

/// A small file whose bytes lie in the reader's scratch.
private struct GatheredFile {
  let file: ReadFile
  let range: Range<Int>
}
