import CoreTypes
import Files
import Scanning
import Synchronization
import Trees

/// A file that is read block by block by several workers.
///
/// Blocks are cut one after the other, by whoever holds the file; the chunks of a block are named and compressed after the
/// file was handed on. Lists arrive in any order and are joined in theirs.
final class LargeFile: Sendable {
  let task: FileTask
  let file: OpenFile
  /// As it was when this reading began.
  let statusAtOpen: FileStatus
  /// True if it was changed at the moment when this reading began.
  let isFresh: Bool
  /// 1 for the first reading.
  let attempt: Int
  private let state: Mutex<State>

  private struct State {
    var offset: UInt64 = 0
    var nextBlock = 0
    var isCut = false
    var finishedBlocks: [Int: [ChunkReference]] = [:]
    var nextToJoin = 0
    var list = ListBuilder()
    var joined: UInt64 = 0
  }

  init(task: FileTask, file: OpenFile, status: FileStatus, isFresh: Bool, attempt: Int) {
    self.isFresh = isFresh
    self.task = task
    self.file = file
    statusAtOpen = status
    self.attempt = attempt
    state = Mutex(State())
  }

  /// Where the next block begins, and its number.
  ///
  /// Only the worker that holds the file asks.
  var position: (offset: UInt64, block: Int) {
    state.withLock { ($0.offset, $0.nextBlock) }
  }

  /// Says how far the block reached that was cut last.
  func advance(by count: UInt64, isLast: Bool) {
    state.withLock { state in
      state.offset += count
      state.nextBlock += 1
      state.isCut = isLast
    }
  }

  /// Brings the list of one block.
  ///
  /// Returns the whole content when it was the last one missing.
  func join(
    block: Int,
    _ references: [ChunkReference],
    store: ([UInt8]) throws(BackupError) -> ChunkID
  ) throws(BackupError) -> (content: FileContent, byteCount: UInt64)? {
    let outcome: Result<(content: FileContent, byteCount: UInt64)?, BackupError> = state.withLock {
      state in
      do throws(BackupError) {
        state.finishedBlocks[block] = references
        while let next = state.finishedBlocks.removeValue(forKey: state.nextToJoin) {
          for reference in next {
            try state.list.add(reference, store: store)
            state.joined += UInt64(reference.length) * reference.repeats
          }
          state.nextToJoin += 1
        }
        guard state.isCut, state.nextToJoin == state.nextBlock else { return .success(nil) }
        let list = state.list
        return .success((try list.finish(store: store), state.joined))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}
