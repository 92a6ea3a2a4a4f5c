import Files
import Restoring
import Synchronization
import Trees

/// A restored file that is read back, in stretches that several threads may take.
final class ReadBackFile: Sendable {
  let folder: DirectoryHandle
  let entry: TreeEntry
  let path: [UInt8]
  private let state = Mutex(State())

  private struct State {
    var isForgotten = false
    var hasFailed = false
    var remaining = 1
  }

  init(folder: DirectoryHandle, entry: TreeEntry, path: [UInt8]) {
    self.folder = folder
    self.entry = entry
    self.path = path
  }

  /// Opens the file; the first time, the kernel is told to ask the disk.
  func open() throws(FilesError) -> OpenFile {
    let file = try folder.openForReading(entry.name)
    let isFirst = state.withLock { state in
      defer { state.isForgotten = true }
      return !state.isForgotten
    }
    if isFirst { file.forgetCache() }
    return file
  }

  func expectStretch() { state.withLock { $0.remaining += 1 } }

  /// Says that a stretch is done; true for the last of a file that is as it should be.
  func finishStretch() -> Bool {
    state.withLock { state in
      state.remaining -= 1
      return state.remaining == 0 && !state.hasFailed
    }
  }

  /// Notes a failure; true if it was the first.
  func fail() -> Bool {
    state.withLock { state in
      defer { state.hasFailed = true }
      return !state.hasFailed
    }
  }

  var hasFailed: Bool { state.withLock { $0.hasFailed } }
}

/// A stretch of a restored file.
struct ReadBackStretch: Sendable {
  let file: ReadBackFile
  let items: [(offset: UInt64, reference: ChunkReference)]

  /// Compares the stretch with what should be there.
  func readBack(with comparer: ContentComparer, progress: RestoreProgress) {
    if !file.hasFailed {
      do {
        if let offset = try firstDifference(comparer, progress) {
          note(.wrongReadBack(offset: offset), progress)
        }
      } catch let error as FilesError {
        note(.notReadBack(operation: error.operationName, errno: error.errno), progress)
      } catch {
        note(.damagedContent(error), progress)
      }
    }
    if file.finishStretch() { progress.add { $0.filesReadBack += 1 } }
  }

  private func note(_ reason: RestoreFinding.Reason, _ progress: RestoreProgress) {
    if file.fail() { progress.note(RestoreFinding(path: file.path, reason: reason)) }
  }

  private func firstDifference(
    _ comparer: ContentComparer,
    _ progress: RestoreProgress
  ) throws -> UInt64? {
    let open = try file.open()
    let status = try open.status()
    guard status.kind == .regular, status.size == file.entry.size else {
      return min(status.size, file.entry.size)
    }
    if case .inline(let bytes) = file.entry.content {
      progress.add(UInt64(bytes.count), to: \.bytesReadBack)
      return try comparer.isEqual(bytes, open) ? nil : 0
    }
    var difference: UInt64?
    let holes: ContentComparer.Holes = status.mayHaveHoles ? .possible : .none
    for (offset, reference) in items where difference == nil {
      try comparer.compare(reference, at: offset, in: open, holes: holes) {
        (place, repeats, verdict, _) in
        progress.add(UInt64(reference.length) * repeats, to: \.bytesReadBack)
        if verdict == .different, difference == nil { difference = place }
      }
    }
    return difference
  }
}
