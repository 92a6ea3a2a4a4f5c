import CoreTypes
import Scanning
import Files
import Synchronization
import Trees

/// A part of a stream, cut into chunks.
struct StreamPiece: Sendable {
  /// Whether more of the stream follows.
  enum Place: Sendable {
    case middle
    case last
  }

  let number: Int
  let place: Place
  let bytes: [UInt8]
  /// Lengths of its chunks.
  let lengths: [Int]
  let whole: StreamContent

  /// Names and stores its chunks; whoever stores the last piece finishes the stream.
  func store(in group: GroupWriter) throws(BackupError) {
    var ranges: [Range<Int>] = []
    var start = 0
    for length in lengths {
      ranges.append(start..<start + length)
      start += length
    }
    let outcome: Result<[ChunkReference], BackupError> = unsafe bytes.withUnsafeBytes { bytes in
      do throws(BackupError) {
        return .success(unsafe try group.addData(ranges, in: bytes))
      } catch {
        return .failure(error)
      }
    }
    let references = try outcome.get()
    try whole.join(self, references) { node throws(BackupError) in try group.addNode(node) }
  }
}

/// Joins the pieces of a stream, which come in any order, and makes its entry.
final class StreamContent: Sendable {
  private let context: BackupContext
  private let roots: RootCollection
  private let state = Mutex(State())

  private struct State {
    var waiting: [Int: [ChunkReference]] = [:]
    var next = 0
    var count: Int?
    var list = ListBuilder()
  }

  init(context: BackupContext, roots: RootCollection) {
    self.context = context
    self.roots = roots
  }

  /// The stream's path in the snapshot.
  var path: [UInt8] { roots.roots.first?.name ?? [] }

  fileprivate func join(
    _ piece: StreamPiece,
    _ references: [ChunkReference],
    store: ([UInt8]) throws(BackupError) -> ChunkID
  ) throws(BackupError) {
    let outcome: Result<(content: FileContent, byteCount: UInt64)?, BackupError> = state.withLock {
      state in
      do throws(BackupError) {
        state.waiting[piece.number] = references
        if piece.place == .last { state.count = piece.number + 1 }
        while let next = state.waiting.removeValue(forKey: state.next) {
          for reference in next { try state.list.add(reference, store: store) }
          state.next += 1
        }
        guard state.next == state.count else { return .success(nil) }
        let byteCount = state.list.byteCount
        return .success((try state.list.finish(store: store), byteCount))
      } catch {
        return .failure(error)
      }
    }
    guard let whole = try outcome.get() else { return }
    try finish(whole.content, byteCount: whole.byteCount)
  }

  /// Makes the entry: a file of whoever runs the program, which nobody else may read.
  func finish(_ content: FileContent, byteCount: UInt64) throws(BackupError) {
    var entry = TreeEntry(name: TreeEntry.rootName, kind: .file)
    entry.mode = 0o600
    entry.uid = ProcessEnvironment.userID
    entry.gid = ProcessEnvironment.groupID
    entry.modified = EntryTime(
      seconds: context.started.seconds,
      nanoseconds: context.started.nanoseconds
    )
    entry.size = byteCount
    entry.content = content
    context.owners.note(user: entry.uid, group: entry.gid)
    let saved = context.base?.root(named: path)
    // The time is never that of the last stream: only the content tells.
    let state: EntryState =
      saved == nil ? .new : saved?.content == content ? .unmodified : .changed
    // The bytes were counted as they came.
    context.progress.countFile(state, byteCount: 0, inline: content.inlineByteCount) { path }
    roots.set(0, entry)
  }
}
