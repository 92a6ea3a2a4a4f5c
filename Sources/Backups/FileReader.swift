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
  let context: BackupContext
  let group: GroupWriter
  private let finisher: FolderFinisher
  let call: PendingCall
  let scratch: UnsafeMutableRawBufferPointer
  var cuts: [Int] = []
  /// Small files that lie in the scratch, one behind the other: their chunks are named together.
  var gathered: [GatheredFile] = []
  var gatheredByteCount = 0

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
  func read(
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
        let isFresh = FileStamp.isFresh(opened)
        if opened.size > UInt64(ReadingSizes.largeFile) {
          context.progress.working(on: task.path)
          return context.push(
            LargeFile(task: task, file: file, status: opened, isFresh: isFresh, attempt: attempt)
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
        let reading = FileReading(
          opened: opened,
          isFresh: isFresh,
          after: after,
          byteCount: UInt64(count),
          attempt
        )
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
  func finishReading(
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

  func finish(_ file: ReadFile, content: FileContent) throws(BackupError) {
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
    context.progress.countFile(
      EntryState(encoded, saved: task.saved),
      byteCount: byteCount,
      inline: content.inlineByteCount
    ) { task.path }
    context.noteLink(file.opened, task.folder, task.name)
    try finisher.fill(
      task.folder,
      task.slot,
      .done(name: task.name, encoded: encoded, totals: entry.totals, row: row)
    )
  }

  func drop(_ task: FileTask, _ error: FilesError) throws(BackupError) {
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
struct ReadFile {
  let task: FileTask
  let entry: TreeEntry
  let opened: FileStatus
}
